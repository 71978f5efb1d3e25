/** An address as .NET compares URIs: scheme and host in any case, default port, no user, no fragment, "/" for no path. Only for comparing. */
export function comparableAddress(address: string): string {
  const [, scheme, authority, rest] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)([^#]*)/.exec(address) ?? [];
  if (scheme === undefined) return address;
  const low = lower(scheme);
  const port = low === 'https' || low === 'wss' ? ':443' : low === 'http' || low === 'ws' ? ':80' : undefined;
  let host = lower(authority!.slice(authority!.lastIndexOf('@') + 1));
  if (port !== undefined && host.endsWith(port)) host = host.slice(0, -port.length);
  return `${low}://${host}${rest!.startsWith('/') ? '' : '/'}${rest}`;
}

/** Letters of ASCII only, as the machine does it. */
function lower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

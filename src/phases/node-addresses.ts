/** `host:port` as it is compared: lower case, an IPv6 address in brackets. */
export function addressText(host: string, port: number): string {
  const bare = host.toLowerCase().replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return `${bare.includes(':') ? `[${bare}]` : bare}:${port}`;
}

/** The lines `NODE=host:port` of the input NodeAddresses that are about `node`; a line that is none is told in `wrong`. */
export function givenAddresses(text: string | undefined, node: string): { addresses: string[]; wrong: string[] } {
  const addresses: string[] = [];
  const wrong: string[] = [];
  for (const line of (text ?? '').split(/[,;\n]/).map((one) => one.trim()).filter((one) => one !== '')) {
    const found = /^([^=]+)=\s*(\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+):(\d{1,5})$/.exec(line);
    if (found === null) wrong.push(line);
    else if (found[1]!.trim().toLowerCase() === node.toLowerCase()) addresses.push(addressText(found[2]!, Number(found[3])));
  }
  return { addresses, wrong };
}

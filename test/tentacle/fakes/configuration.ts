import type { Entry } from './machine.ts';

/** A configuration file as Tentacle writes it (tentacle-trust.md section 4): BOM, declaration, sorted keys, no line end at the end. */
export function configurationFile(value: string | Entry[], options: { end?: '\n' | '\r\n'; bom?: boolean; before?: string; after?: string } = {}): string {
  const list = typeof value === 'string' ? value : escaped(JSON.stringify(value));
  const lines = [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<octopus-settings xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">',
    '  <set key="Octopus.Home">/etc/octopus</set>',
    ...(options.before === undefined ? [] : [options.before]),
    `  <set key="Tentacle.Communication.TrustedOctopusServers">${list}</set>`,
    ...(options.after === undefined ? [] : [options.after]),
    '  <set key="Tentacle.Services.NoListen">false</set>',
    '</octopus-settings>',
  ];
  return `${options.bom === false ? '' : '\ufeff'}${lines.join(options.end ?? '\n')}`;
}

/** XML escapes of an element's text as Tentacle writes them: quotes stay. */
export function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

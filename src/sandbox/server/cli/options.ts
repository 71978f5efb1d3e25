/** What a command takes: `value` needs one, `flag` does not. Several names separated by a bar mean the same. */
export type OptionSpec = Record<string, 'value' | 'flag'>;

export interface ParsedOptions { values: Map<string, string>; unrecognized: string[]; missing: string[] }

/** Accepted by every command and without effect (octopus-server-cli.md section 4). */
const stripped = new Set(['console', 'noninteractive', 'nologo', 'noconsolelogging']);

/** `--name=value`, `--name value`, `-name value`, `/name:value`, in any case. Keyed by the first of the option's names. */
export function parseOptions(args: string[], spec: OptionSpec): ParsedOptions {
  const known = new Map<string, { name: string; kind: 'value' | 'flag' }>();
  for (const [names, kind] of Object.entries(spec)) {
    const [first = '', ...others] = names.split('|');
    for (const name of [first, ...others]) known.set(name.toLowerCase(), { name: first, kind });
  }
  const parsed: ParsedOptions = { values: new Map(), unrecognized: [], missing: [] };
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? '';
    const match = /^(?:--|-|\/)([A-Za-z][\w-]*)(?:[=:]([\s\S]*))?$/.exec(argument);
    const name = match?.[1]?.toLowerCase() ?? '';
    if (match && stripped.has(name)) continue;
    const option = match ? known.get(name) : undefined;
    if (!option) {
      parsed.unrecognized.push(argument);
      continue;
    }
    if (option.kind === 'flag') parsed.values.set(option.name, match?.[2] ?? 'true');
    else if (match?.[2] !== undefined) parsed.values.set(option.name, match[2]);
    else if (index + 1 < args.length) {
      index += 1;
      parsed.values.set(option.name, args[index] ?? '');
    } else parsed.missing.push(option.name);
  }
  return parsed;
}

import { UnexpectedFailure } from './failures.ts';
import type { Settings } from './settings-file.ts';

/** One trusted Octopus Server, with the properties in the order in which they are written (tentacle-trust.md section 4). */
export interface TrustedServer {
  Thumbprint: string;
  CommunicationStyle: number;
  Address: string | null;
  Squid: string | null;
  SubscriptionId: string | null;
}

export const settingsKey = 'Tentacle.Communication.TrustedOctopusServers';

export const style = { none: 0, passive: 1, active: 2, kubernetes: 11 } as const;
const styleNames: Record<string, number> = {
  none: 0, tentaclepassive: 1, tentacleactive: 2, ssh: 3, offlinedrop: 4, azurewebapp: 5, ftp: 6, azurecloudservice: 7,
  azureservicefabriccluster: 8, kubernetes: 9, steppackage: 10, kubernetestentacle: 11,
};

/** A new passive entry; blanks at the ends go, nothing else is checked. Throws when nothing is left. */
export function passiveEntry(thumbprint: string): TrustedServer {
  return { Thumbprint: validThumbprint(thumbprint), CommunicationStyle: style.passive, Address: null, Squid: null, SubscriptionId: null };
}

/** The list as stored. Throws as the real one does when it cannot be read. */
export function readTrustedServers(settings: Settings): TrustedServer[] {
  const text = settings.get(settingsKey);
  if (text === undefined || text === '') return [];
  try {
    return parseEntries(text);
  } catch (error) {
    if (!(error instanceof UnexpectedFailure)) throw error;
    throw new UnexpectedFailure(`Unable to parse configuration key '${settingsKey}' as a 'IEnumerable\`1'. Value was '${text}'.`, 'System.FormatException', error);
  }
}

export function storeTrustedServers(settings: Settings, servers: TrustedServer[]): void {
  settings.set(settingsKey, JSON.stringify(servers));
}

/**
 * Adds an entry, or replaces the one with the same thumbprint (any case) and address; the result is at the end of the list.
 * @throws UnexpectedFailure when two equal entries are there already.
 */
export function addOrUpdate(servers: TrustedServer[], added: TrustedServer): TrustedServer[] {
  const equal = servers.filter((server) => server.Thumbprint.toLowerCase() === added.Thumbprint.toLowerCase() && sameAddress(server.Address, added.Address));
  if (equal.length > 1) throw new UnexpectedFailure('Sequence contains more than one matching element', 'System.InvalidOperationException');
  return [...servers.filter((server) => server !== equal[0]), added];
}

/** Addresses are compared as URIs, without case. */
export function sameAddress(left: string | null, right: string | null): boolean {
  if (left === null || right === null) return left === right;
  return absoluteUri(left).toLowerCase() === absoluteUri(right).toLowerCase();
}

/** A URI as .NET prints it, with its slash. Throws for anything without a scheme. */
export function absoluteUri(text: string): string {
  if (text === '') throw new UnexpectedFailure('Invalid URI: The URI is empty.', 'System.UriFormatException');
  if (!/^[A-Za-z][\w+.-]*:\/\//.test(text)) {
    throw new UnexpectedFailure('Invalid URI: The format of the URI could not be determined.', 'System.UriFormatException');
  }
  const afterScheme = text.slice(text.indexOf('://') + 3);
  return afterScheme.includes('/') ? text : `${text}/`;
}

function validThumbprint(text: string | null | undefined): string {
  const trimmed = trim(text ?? '');
  if (trimmed === '') throw new UnexpectedFailure('A valid thumbprint must be supplied', 'System.ArgumentException');
  return trimmed;
}

/** .NET's `Trim`: white space, but not U+FEFF. */
function trim(text: string): string {
  return text.replace(/^(?:(?!\uFEFF)[\s\u0085])+|(?:(?!\uFEFF)[\s\u0085])+$/g, '');
}

function parseEntries(text: string): TrustedServer[] {
  const value = parseJson(text);
  if (value === null) return [];
  if (!Array.isArray(value)) throw notAnArray(text, value);
  return value.map((item, index) => {
    if (item === null || typeof item !== 'object' || Array.isArray(item)) {
      throw new UnexpectedFailure(`Error converting value ${JSON.stringify(item)} to type 'Octopus.Tentacle.Configuration.OctopusServerConfiguration'. Path '[${index}]'.`, 'Newtonsoft.Json.JsonSerializationException');
    }
    const fields = Object.fromEntries(Object.entries(item).map(([name, field]) => [name.toLowerCase(), field as unknown]));
    const textOf = (name: string): string | null => (fields[name] === undefined || fields[name] === null ? null : String(fields[name]));
    return {
      Thumbprint: validThumbprint(textOf('thumbprint')),
      CommunicationStyle: styleOf(fields.communicationstyle),
      Address: textOf('address'),
      Squid: textOf('squid'),
      SubscriptionId: textOf('subscriptionid'),
    };
  });
}

/** Newtonsoft's enum converter reads numbers and names. */
function styleOf(value: unknown): number {
  if (value === undefined || value === null) return style.none;
  if (typeof value === 'number') return value;
  const known = /^\d+$/.test(String(value)) ? Number(value) : parseStyle(String(value));
  if (known === undefined) throw new UnexpectedFailure(`Requested value '${String(value)}' was not found.`, 'System.ArgumentException');
  return known;
}

/** The number of a communication style's name, in any case. */
export function parseStyle(name: string): number | undefined {
  return styleNames[name.toLowerCase()];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnexpectedFailure(explainBrokenJson(text), 'Newtonsoft.Json.JsonSerializationException');
  }
}

/** Newtonsoft's words for text that ends in the middle of an entry, or has a character where none may be. */
function explainBrokenJson(text: string): string {
  const lines = text.split('\n');
  const place = `line ${lines.length}, position ${lines.at(-1)?.length ?? 0}.`;
  const cut = /"(\w+)"\s*:\s*$/.exec(text);
  if (cut?.[1]) {
    const index = (text.match(/\{/g)?.length ?? 1) - 1;
    return `Unexpected end when setting ${cut[1]}'s value. Path '[${index}].${cut[1]}', ${place}`;
  }
  return `Unexpected end when deserializing object. Path '', ${place}`;
}

function notAnArray(text: string, value: unknown): UnexpectedFailure {
  const type = "'System.Collections.Generic.IEnumerable`1[Octopus.Tentacle.Configuration.OctopusServerConfiguration]'";
  if (typeof value !== 'object') {
    return new UnexpectedFailure(`Error converting value ${JSON.stringify(value)} to type ${type}. Path '', line 1, position ${text.length}.`, 'Newtonsoft.Json.JsonSerializationException');
  }
  const first = /^\s*\{\s*"((?:[^"\\]|\\.)*)"\s*:/.exec(text);
  return new UnexpectedFailure(
    `Cannot deserialize the current JSON object (e.g. {"name":"value"}) into type ${type} because the type requires a JSON array (e.g. [1,2,3]) to deserialize correctly.\n`
    + 'To fix this error either change the JSON to a JSON array (e.g. [1,2,3]) or change the deserialized type so that it is a normal .NET type (e.g. not a primitive type like integer, not a collection type like an array or List<T>) that can be deserialized from a JSON object. JsonObjectAttribute can also be added to the type to force it to deserialize from a JSON object.\n'
    + `Path '${first?.[1] ?? ''}', line 1, position ${first?.[0].length ?? 1}.`,
    'Newtonsoft.Json.JsonSerializationException',
  );
}

import { printable } from '../errors/printable.ts';
import { tentacleErrors } from '../errors/tentacle.ts';
import { comparableAddress } from './address.ts';
import type { TrustEntry } from './contract.ts';

type Style = TrustEntry['style'];

/** Numbers as Tentacle writes them, names as old files hold them (tentacle-trust.md section 4). */
const STYLES: Record<string, Style> = {
  '0': 'None', '1': 'TentaclePassive', '2': 'TentacleActive', '11': 'KubernetesTentacle',
  none: 'None', tentaclepassive: 'TentaclePassive', tentacleactive: 'TentacleActive', kubernetestentacle: 'KubernetesTentacle',
};

/**
 * Reads the JSON of Tentacle.Communication.TrustedOctopusServers. Property names in any case, style as number or name.
 * Throws TRUST_LIST_BROKEN for whatever makes a Tentacle's commands exit 100 or its agent not start (A39): such a list is never edited.
 */
export function parseTrustList(json: string): TrustEntry[] {
  const value = parseJson(json);
  if (!Array.isArray(value)) throw broken('it is not a list');
  const entries = value.map((entry: unknown, index) => entryOf(entry, index + 1));
  const clash = entries.find((entry) => entry.style === 'None' && entries.filter((other) => equalEntries(entry, other)).length > 1);
  if (clash) throw broken(`the entry ${printable(clash.thumbprint)} without a style has an equal one beside it, so the agent would not start`);
  return entries;
}

/** Identity of an entry as Tentacle sees it: thumbprint without letter case, and address as a URI. */
export function equalEntries(a: TrustEntry, b: TrustEntry): boolean {
  const [one, other] = [a.address, b.address].map((address) => (address === null ? null : comparableAddress(address)));
  return a.thumbprint.toUpperCase() === b.thumbprint.toUpperCase() && one === other;
}

/** True for an entry by which this Tentacle polls a server. Taking it away orphans the Tentacle (A3). */
export function isPollable(entry: TrustEntry): boolean {
  return entry.style === 'TentacleActive' || entry.style === 'KubernetesTentacle' || entry.address !== null || entry.subscriptionId !== null;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    throw broken('it is not JSON', error);
  }
}

function entryOf(entry: unknown, position: number): TrustEntry {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw broken(`entry ${position} is not an object`);
  const fields = new Map(Object.entries(entry).map(([name, value]) => [name.toLowerCase(), value as unknown]));
  const thumbprint = fields.get('thumbprint');
  if (typeof thumbprint !== 'string' || thumbprint.trim() === '') throw broken(`entry ${position} has no thumbprint`);
  return {
    thumbprint,
    style: styleOf(fields.get('communicationstyle'), position),
    address: textOrNull(fields.get('address'), position, 'address'),
    subscriptionId: textOrNull(fields.get('subscriptionid'), position, 'subscription'),
  };
}

function styleOf(value: unknown, position: number): Style {
  if (value === undefined) return 'None';
  const key = typeof value === 'number' || typeof value === 'string' ? String(value).toLowerCase() : '';
  if (!Object.hasOwn(STYLES, key)) throw broken(`entry ${position} has the unknown style ${printable(JSON.stringify(value))}`);
  return STYLES[key]!;
}

function textOrNull(value: unknown, position: number, what: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw broken(`entry ${position} has an ${what} that is no text`);
  return value;
}

function broken(why: string, cause?: unknown) {
  return tentacleErrors.TRUST_LIST_BROKEN({ why }, cause);
}

import type { PlannedMachine } from '../journal/contract.ts';
import type { TrustEntry } from '../tentacle/contract.ts';
import { isWebSocket } from '../tentacle/twins.ts';

/** Styles that a Tentacle polls; every other entry only lets a server in (tentacle-trust.md section 6). */
const POLLED = new Set<TrustEntry['style']>(['TentacleActive', 'KubernetesTentacle']);

/**
 * Whether a list gives a server with this certificate what it needs of this machine. Listening: any entry, any letter case. Polling:
 * each address that is polled for `beside` (or at all) is polled for this one too, exactly (A2, A16, A19).
 */
export function listTrusts(machine: Pick<PlannedMachine, 'route'>, entries: readonly TrustEntry[], thumbprint: string, beside: string): boolean {
  if (machine.route === 'listening') return entries.some((entry) => entry.thumbprint.toUpperCase() === thumbprint);
  const polled = entries.filter((entry) => POLLED.has(entry.style) && entry.address !== null && !isWebSocket(entry));
  const needed = polled.filter((entry) => entry.thumbprint.toUpperCase() === beside);
  const mine = polled.filter((entry) => entry.thumbprint === thumbprint);
  return mine.length > 0 && needed.every((entry) => mine.some((twin) => sameAddress(twin.address!, entry.address!) && twin.subscriptionId === entry.subscriptionId));
}

/** Whether no entry carries this thumbprint any more, in any letter case. Entries by WebSocket are left alone (A13). */
export function listIsFreeOf(entries: readonly TrustEntry[], thumbprint: string): boolean {
  return entries.every((entry) => entry.thumbprint.toUpperCase() !== thumbprint || isWebSocket(entry));
}

/** Addresses are stored as typed, with or without a slash at the end (tentacle-trust.md section 4). */
function sameAddress(one: string, other: string): boolean {
  try {
    return new URL(one).href === new URL(other).href;
  } catch {
    return one === other;
  }
}

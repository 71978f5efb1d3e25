import { journalErrors } from '../errors/journal.ts';
import type { Random } from '../ports/random.ts';
import type { RotationName } from './contract.ts';

/** Names one rotation for good: its kind, the day (UTC) that it was opened, and chance. Safe in paths and in scripts (rule 14). */
export type RotationId = string & { readonly __rotationId: unique symbol };

const EXACT = /^(sc|tc)-\d{8}-[0-9a-f]{8}$/;
const PREFIX: Record<RotationName, string> = { 'server-certificate': 'sc', 'tentacle-certificates': 'tc' };

/** A new id. `now` is read in UTC. */
export function newRotationId(rotation: RotationName, now: Date, random: Random): RotationId {
  const day = now.toISOString().slice(0, 10).replaceAll('-', '');
  return `${PREFIX[rotation]}-${day}-${Buffer.from(random.bytes(4)).toString('hex')}` as RotationId;
}

/** Refuses whatever has not the exact form (ROTATION_ID_MALFORMED); nothing is trimmed or guessed. */
export function parseRotationId(text: string): RotationId {
  if (!isRotationId(text)) throw journalErrors.ROTATION_ID_MALFORMED({ text });
  return text;
}

export function isRotationId(text: string): text is RotationId {
  return EXACT.test(text);
}

/** What it rotates. */
export function rotationNameOf(id: RotationId): RotationName {
  return id.startsWith(`${PREFIX['tentacle-certificates']}-`) ? 'tentacle-certificates' : 'server-certificate';
}

import markerSchema from '../../schemas/lease.schema.json' with { type: 'json' };
import { leaseErrors } from '../errors/lease.ts';
import type { LibrarySet, OctopusClient } from '../octopus/contract.ts';
import { schemaProblem } from '../schema/check.ts';
import type { LeaseMarker } from './contract.ts';

export const LEASE_SET = 'Octopus Rotation lease';
export const LEASE_VARIABLE = 'Rotation.Lease';
const DESCRIPTION = 'Which certificate rotation is open, and who works on it. Written by Octopus Rotation; not for editing.';

/** One look at the marker, with what a write must name to be the next one. */
export interface SeenLease { marker: LeaseMarker | null; set: LibrarySet | null }

/** The marker in Octopus, changed by compare-and-swap only. */
export interface LeaseStore {
  read(): Promise<SeenLease>;
  /** Replaces what was seen; null takes the marker away. False when somebody else wrote since: look and decide again. */
  swap(seen: SeenLease, next: LeaseMarker | null): Promise<boolean>;
}

export function leaseStore(octopus: OctopusClient, spaceId: string): LeaseStore {
  const read = async (): Promise<SeenLease> => {
    const set = await octopus.librarySet(spaceId, LEASE_SET);
    const text = set?.variables[LEASE_VARIABLE];
    return { set, marker: text === undefined || text === null || text === '' ? null : parseMarker(text) };
  };
  return {
    read,
    async swap(seen, next) {
      const set = seen.set ?? (await create(octopus, spaceId));
      if (set === null) return false;
      const { [LEASE_VARIABLE]: _, ...others } = set.variables;
      const text = next === null ? null : markerText(next);
      try {
        await octopus.writeLibrarySet(spaceId, set, text === null ? others : { ...others, [LEASE_VARIABLE]: text });
        return true;
      } catch (error) {
        const code = (error as { code?: string }).code;
        if (code === 'OCTOPUS_STALE') return false;
        // The answer may have been lost after the write: what is there now tells. The text holds process and time, so it is nobody else's.
        if (code !== 'OCTOPUS_UNREACHABLE' && code !== 'OCTOPUS_STARTING') throw error;
        const now = await octopus.librarySet(spaceId, LEASE_SET).catch(() => {
          throw error;
        });
        if ((now?.variables[LEASE_VARIABLE] ?? null) === text) return true;
        return false;
      }
    },
  };
}

/** null when somebody made it at the same moment: then theirs is looked at again. */
async function create(octopus: OctopusClient, spaceId: string): Promise<LibrarySet | null> {
  try {
    return await octopus.createLibrarySet(spaceId, LEASE_SET, DESCRIPTION);
  } catch (error) {
    if ((await octopus.librarySet(spaceId, LEASE_SET)) !== null) return null;
    throw error;
  }
}

/** JSON without `#{`, which Octopus would expand where the variable is used (D13). */
export function markerText(marker: LeaseMarker): string {
  return JSON.stringify(marker).replaceAll('#', '\\u0023');
}

/** Refuses what does not fit schemas/lease.schema.json (LEASE_UNREADABLE). */
export function parseMarker(text: string): LeaseMarker {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw leaseErrors.LEASE_UNREADABLE({ reason: 'it is not JSON', text });
  }
  const problem = schemaProblem(markerSchema, value);
  if (problem === null) return value as LeaseMarker;
  throw leaseErrors.LEASE_UNREADABLE({ reason: `it does not fit the schema: ${problem.trimStart()}`, text });
}

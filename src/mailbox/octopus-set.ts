import { nodeErrors } from '../errors/nodes.ts';
import type { RotationId } from '../journal/rotation-id.ts';
import type { LibrarySet, OctopusClient } from '../octopus/contract.ts';
import type { Carrier } from './carrier.ts';

export const MAILBOX_SET = 'Octopus Rotation messages';
const DESCRIPTION = 'Messages between the relays of several server nodes while a rotation is open. Written by Octopus Rotation; not for editing.';
/** Each node writes; with many at once the others' writes come in between. */
const ATTEMPTS = 12;

/** Messages as variables of a library set of their own, one for each writer and reader, changed by compare-and-swap; only while Octopus answers. */
export function octopusCarrier(octopus: OctopusClient, spaceId: string, rotationId: RotationId): Carrier {
  const prefix = `Rotation.Message.${rotationId}.`;

  /** Changes the variables as long as nobody else's write comes in between. */
  async function change(next: (variables: Record<string, string>) => Record<string, string>, make: boolean): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const set = (await octopus.librarySet(spaceId, MAILBOX_SET)) ?? (make ? await create() : null);
      if (set === null) {
        if (make) continue;
        return;
      }
      const variables = next(set.variables);
      if (JSON.stringify(variables) === JSON.stringify(set.variables)) return;
      try {
        await octopus.writeLibrarySet(spaceId, set, variables);
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== 'OCTOPUS_STALE') throw error;
      }
    }
    throw nodeErrors.MAILBOX_CONTENDED({ set: MAILBOX_SET, attempts: ATTEMPTS });
  }

  /** null when somebody made it at the same moment: then theirs is looked at. */
  async function create(): Promise<LibrarySet | null> {
    try {
      return await octopus.createLibrarySet(spaceId, MAILBOX_SET, DESCRIPTION);
    } catch (error) {
      if ((await octopus.librarySet(spaceId, MAILBOX_SET)) !== null) return null;
      throw error;
    }
  }

  return {
    name: 'Octopus',
    put: ({ from, to, text }, isNewer) => change((variables) => {
      const name = `${prefix}${from}.${to}`;
      return isNewer(variables[name] ?? '') ? variables : { ...variables, [name]: text };
    }, true),
    async read(from, to) {
      const text = (await octopus.librarySet(spaceId, MAILBOX_SET))?.variables[`${prefix}${from}.${to}`];
      return text ? [text] : [];
    },
    clear: () => change((variables) => Object.fromEntries(Object.entries(variables).filter(([name]) => !name.startsWith(prefix))), false),
  };
}

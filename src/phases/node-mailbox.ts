import { join } from 'node:path';
import type { RelayJob } from '../../schemas/types/relay-job.ts';
import { parseRotationId } from '../journal/rotation-id.ts';
import { rotationSecrets } from '../journal/secrets.ts';
import type { Carrier } from '../mailbox/carrier.ts';
import { openMailbox, type Mailbox } from '../mailbox/mailbox.ts';
import { octopusCarrier } from '../mailbox/octopus-set.ts';
import { sharedFolderCarrier } from '../mailbox/shared-folder.ts';
import type { PhaseContext } from './context.ts';

/** Asked often; a server that is down must not hold up the other carrier. */
const QUICK_MS = 2_000;

/** What is needed to get at the messages of a rotation. */
export type MailboxAccess = Pick<RelayJob, 'serverUrl' | 'apiKey' | 'secret' | 'spaceId' | 'rotationId'> & { sharedFolder: string | null };

/** Octopus, and the folder that the nodes share where there is one. */
export function carriersOf(context: PhaseContext, access: MailboxAccess): Carrier[] {
  const rotationId = parseRotationId(access.rotationId);
  const octopus = octopusCarrier(context.octopus(access.serverUrl, access.apiKey, QUICK_MS), access.spaceId, rotationId);
  return access.sharedFolder === null ? [octopus] : [octopus, sharedFolderCarrier(context.files, access.sharedFolder, rotationId)];
}

/** This side's mailbox; what it remembers lies in `folder`. */
export function mailboxOf(context: PhaseContext, access: MailboxAccess, self: string, folder: string): Promise<Mailbox> {
  const rotationId = parseRotationId(access.rotationId);
  return openMailbox({
    carriers: carriersOf(context, access),
    clock: context.clock,
    files: context.files,
    statePath: join(folder, 'mailbox.json'),
    rotationId,
    key: rotationSecrets(access.secret).mailboxKey(rotationId),
    self,
    notice: (text) => context.voice.warn(text),
  });
}

import type { CommonInputs } from '../../steps/common-inputs.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import { swapErrors } from '../errors/swap.ts';
import type { PhaseContext } from './context.ts';
import { startRelay } from './relay-job.ts';
import type { Rotation } from './rotation.ts';

const RELAY_CHECK_TIMEOUT_MS = 60_000;

/** Before anything is changed the relay shows that it can do its work here (DESIGN.md section 6). `expected`: what it must read from the database. */
export async function tryRelay(context: PhaseContext, inputs: CommonInputs, rotation: Rotation, octopusServer: string, expected: Thumbprint): Promise<void> {
  context.voice.info('The relay does a trial job: read the certificate, ask the service manager, write and read back a file.');
  await startRelay(context, inputs, rotation, { kind: 'check', octopusServer });
  const check = await context.relay.checkResult(rotation.id, RELAY_CHECK_TIMEOUT_MS);
  await context.relay.remove(rotation.id);
  if (!check.ready) throw swapErrors.RELAY_NOT_READY({ reason: check.reason });
  if (check.thumbprint !== expected) throw swapErrors.RELAY_NOT_READY({ reason: `it reads certificate ${check.thumbprint} from the database` });
  await rotation.prove('server', 'relay-ready', 'rest', { thumbprint: check.thumbprint });
}

import type { PlannedMachine } from '../journal/contract.ts';
import { tentacleFacts } from '../journal/tentacle-views.ts';
import type { CertificateResult, CertificateScript } from '../tentacle/contract.ts';
import { parseCertificateResults } from '../tentacle/certificate-result.ts';
import { certificateScript } from '../tentacle/certificate-script.ts';
import type { PhaseContext } from './context.ts';
import { runScriptOnHost } from './host-script.ts';
import { IDLE_LIMIT_SECONDS, runScripts, type ScriptKind, type ScriptOutcome } from './machine-scripts.ts';
import type { Rotation } from './rotation.ts';

/** The time between arming and the exchange: the registrations follow meanwhile, and if they are slower the machine just comes again. */
export const FIRE_DELAY_SECONDS = 3;
/** A script of the relay's on its own machine may wait for the end of a revert, whose time is the watch, the idle limit and a minute. */
const HOST_SCRIPT_MS = 10 * 60_000;

/** What is asked of a Tentacle about its own certificate. */
export type CertificateWish = Pick<Parameters<CertificateScript>[0], 'operation' | 'thumbprint' | 'place'>;

/** The script for it: typed tokens only, with the times of the plan. */
export function certificateScriptFor(rotation: Pick<Rotation, 'id' | 'fence' | 'tentacles'>, machine: Pick<PlannedMachine, 'shell'>, wish: CertificateWish): string {
  const { options } = rotation.tentacles;
  return certificateScript({
    shell: machine.shell,
    rotationId: rotation.id,
    fence: rotation.fence,
    ...wish,
    fireDelaySeconds: wish.place === 'host' ? 0 : FIRE_DELAY_SECONDS,
    confirmSeconds: Math.round(options.confirmMinutes * 60),
    watchSeconds: options.restartWatchSeconds,
    idleLimitSeconds: IDLE_LIMIT_SECONDS,
  });
}

/** Rule 9: a result counts only with OLD, or a NEW that the journal knows, of that very machine. `stage` tells NEW while the machine still holds OLD. */
export function certificateKind(rotation: Pick<Rotation, 'entries'>): ScriptKind<CertificateResult> {
  return { parse: parseCertificateResults, isOf: (machine, result) => result.own === machine.own || tentacleFacts(rotation.entries(), machine.key).news.includes(result.own), again: false };
}

/** One machine, through the server. */
export async function askThroughServer(context: PhaseContext, rotation: Rotation, machine: PlannedMachine, description: string, wish: CertificateWish): Promise<ScriptOutcome<CertificateResult>> {
  const outcomes = await runScripts(context, rotation.octopus, rotation.id, [machine], description, (one) => certificateScriptFor(rotation, one, wish), certificateKind(rotation));
  return outcomes.get(machine.key)!;
}

/** The host's own Tentacle: by the step itself, which is a script of it, or by the relay beside it (A41). */
export async function askOnHost(context: PhaseContext, rotation: Rotation, machine: PlannedMachine, wish: CertificateWish): Promise<ScriptOutcome<CertificateResult>> {
  const kind = certificateKind(rotation);
  const result = await runScriptOnHost(context, certificateScriptFor(rotation, machine, wish), (log) => kind.parse(log, rotation.id).results.findLast((one) => kind.isOf(machine, one)), HOST_SCRIPT_MS);
  return { result };
}

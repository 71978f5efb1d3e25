import { parseThumbprint, type Thumbprint } from '../certificates/thumbprint.ts';
import { planErrors } from '../errors/plan.ts';
import { swapErrors } from '../errors/swap.ts';
import { parseMachineResults } from '../tentacle/machine-result.ts';
import type { MachineResult } from '../tentacle/contract.ts';
import type { LocalTentacle, PhaseContext } from './context.ts';

const SCRIPT_TIMEOUT_MS = 120_000;

/** The Tentacle that runs us; refused when none does. */
export function localTentacle(context: PhaseContext): LocalTentacle {
  if (!context.localTentacle) throw planErrors.NOT_INSIDE_A_TENTACLE({ missing: 'TentacleExecutablePath' });
  return context.localTentacle;
}

/** Thumbprint of the local Tentacle, by which the host recognises itself among the machines (A41). */
export async function ownThumbprint(context: PhaseContext): Promise<Thumbprint> {
  const { executable, instance } = localTentacle(context);
  const result = await context.processes.run({ file: executable, args: ['show-thumbprint', `--instance=${instance}`, '--format=text'], env: context.scriptEnvironment, timeoutMs: SCRIPT_TIMEOUT_MS });
  if (result.exitCode !== 0) throw planErrors.NOT_INSIDE_A_TENTACLE({ missing: 'the thumbprint of the local Tentacle' });
  return parseThumbprint(result.stdout.match(/[0-9a-fA-F]{40}(?![0-9a-fA-F])/g)?.at(-1) ?? result.stdout);
}

/** Runs a trust script on this machine itself, for its own Tentacle: a script task for it would wait for our own script (A41). */
export async function runOnHost(context: PhaseContext, rotationId: string, own: Thumbprint, body: string): Promise<MachineResult> {
  return runScriptOnHost(context, body, (log) => parseMachineResults(log, rotationId).results.findLast((one) => one.own === own));
}

/** The same of a script of any kind: `find` picks this machine's result out of what it printed. */
export async function runScriptOnHost<Result>(context: PhaseContext, body: string, find: (log: string) => Result | undefined, timeoutMs = SCRIPT_TIMEOUT_MS): Promise<Result> {
  const { executable, instance, home } = localTentacle(context);
  const result = await context.processes.run({
    file: '/bin/bash',
    args: ['-s'],
    stdin: body,
    env: { ...context.scriptEnvironment, TentacleExecutablePath: executable, TentacleInstanceName: instance, TentacleHome: home },
    timeoutMs,
  });
  const found = find(result.stdout);
  if (found === undefined) throw swapErrors.OWN_TENTACLE_NOT_PROVED({ reason: `its script ended with ${result.exitCode ?? 'no'} exit code and no result: ${result.stderr.trim().slice(-200)}` });
  return found;
}

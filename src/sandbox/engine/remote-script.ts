import type { ScriptRequest, ScriptStatus, TentacleConnection } from '../wire/contract.ts';
import type { Activity, EngineMachine } from './contract.ts';
import type { Masker } from './masker.ts';
import { ScriptOutput } from './script-output.ts';
import { pause } from './waiting.ts';

/** How long the server tries, in milliseconds. Halibut tries for minutes; a rehearsal has none to spare. */
export interface Patience { connect: number; lost: number; cancel: number }
export const defaultPatience: Patience = { connect: 10_000, lost: 10_000, cancel: 10_000 };

export interface RemoteResult { exitCode: number; cancelled: boolean; failure: string | null; output: ScriptOutput }

/** Exit codes of the Tentacle itself (step-packages.md section 8.6). */
const tentacleCodes: Record<number, string> = {
  [-41]: 'The script failed with a fatal error on the Tentacle.',
  [-43]: 'The script was cancelled.',
  [-44]: 'The script was stopped by its time-out.',
  [-45]: 'The Tentacle does not know this script (any more), so its result is unknown.',
  [-46]: 'The result of the script is unknown. The Tentacle was probably restarted while it ran.',
};
const firstPoll = 50;
const slowestPoll = 250;

/**
 * Runs one script on one Tentacle: start, follow, collect, forget. A lost connection is tried again within `patience`; the
 * script itself is never started twice. `collect` is called while the script's folder still exists. Never rejects: whatever
 * goes wrong is a `failure` in words.
 */
export async function runRemotely(options: {
  machine: EngineMachine; request: ScriptRequest; activity: Activity; masker: Masker; cancelled: AbortSignal;
  patience?: Patience; collect?: (output: ScriptOutput) => Promise<void>;
}): Promise<RemoteResult> {
  const { machine, request, activity, masker, cancelled } = options;
  const patience = options.patience ?? defaultPatience;
  const output = new ScriptOutput(activity, masker);
  const failed = (failure: string, exitCode = -46): RemoteResult => ({ exitCode, cancelled: cancelled.aborted, failure, output });
  let connection: TentacleConnection;
  try {
    connection = await connectWithin(machine, patience.connect, cancelled);
  } catch (error) {
    return failed(`The machine ${machine.name} could not be reached: ${messageOf(error)}`, -41);
  }
  let status: ScriptStatus | null = null;
  try {
    ({ connection, status } = await follow(connection));
    output.end();
    if (status === null) return failed(`The connection to ${machine.name} was lost while the script ran, so its result is unknown (-46).`);
    try {
      await options.collect?.(output);
    } catch (error) {
      return failed(messageOf(error), -41);
    }
  } finally {
    await quietly(() => connection.completeScript(request.ticket));
    await quietly(() => connection.close());
  }
  const exitCode = status.exitCode ?? -46;
  if (exitCode !== 0 && output.resultMessage !== null) activity.log('Verbose', `The remote script failed with exit code ${exitCode}`);
  return { exitCode, cancelled: cancelled.aborted, failure: failureOf(exitCode, output), output };

  async function follow(first: TentacleConnection): Promise<{ connection: TentacleConnection; status: ScriptStatus | null }> {
    let current = first;
    let started = false;
    let after = 0;
    let delay = firstPoll;
    let lostAt: number | null = null;
    let cancelledAt: number | null = null;
    let refusal = '';
    for (;;) {
      try {
        if (!started) {
          // Once sent, it may have arrived, whatever happens to the answer: at most one start.
          started = true;
          await current.startScript(request);
        }
        if (cancelled.aborted && cancelledAt === null) {
          cancelledAt = Date.now();
          await current.cancelScript(request.ticket);
        }
        const latest = await current.getStatus(request.ticket, after);
        lostAt = null;
        for (const line of latest.logs) deliver(line.source, line.text);
        after = latest.nextSequence;
        if (latest.state === 'complete') {
          if (latest.exitCode === -45 && refusal !== '') activity.log('Error', masker.mask(refusal));
          return { connection: current, status: latest };
        }
        if (latest.logs.length > 0) delay = firstPoll;
        if (cancelledAt !== null && Date.now() - cancelledAt > patience.cancel) return { connection: current, status: null };
        await pause(delay, cancelledAt === null ? cancelled : never);
        delay = Math.min(slowestPoll, Math.ceil(delay * 1.5));
      } catch (error) {
        lostAt ??= Date.now();
        refusal = `Speaking with ${machine.name} failed: ${messageOf(error)}`;
        activity.log('Verbose', masker.mask(refusal));
        if (Date.now() - lostAt > patience.lost) return { connection: current, status: null };
        await quietly(() => current.close());
        await pause(firstPoll, never);
        current = (await connectWithin(machine, Math.max(0, patience.lost - (Date.now() - lostAt)), never).catch(() => null)) ?? current;
      }
    }
  }

  function deliver(source: 'stdout' | 'stderr' | 'debug', text: string): void {
    if (source !== 'debug') return output.line(source, text);
    const tasks = waitingFor.exec(text)?.[1];
    activity.log('Verbose', masker.mask(text));
    // The server's own words for it (octopus-rest.md section 10.1).
    if (tasks !== undefined) activity.log('Wait', `Waiting for the script in task ${tasks} to finish as that script requires that no other Octopus scripts are executing on this target at the same time.`);
  }
}

/** What a Tentacle says when another script is in the way, with the tasks' ids at its end. */
const waitingFor = /^Cannot start this task yet\..*\(([^()]*)\)$/;
const never = new AbortController().signal;

/** Trying again changes nothing about these. */
const decisive = new Set(['wrong-peer', 'not-trusted', 'not-collected', 'protocol']);

/** Connects, again and again for so many milliseconds while nobody answers. Rejects with the last reason. */
export async function connectWithin(machine: EngineMachine, milliseconds: number, cancelled: AbortSignal): Promise<TentacleConnection> {
  const until = Date.now() + milliseconds;
  for (let delay = 100; ; delay = Math.min(1000, delay * 2)) {
    try {
      return await machine.connect(cancelled);
    } catch (error) {
      if (cancelled.aborted || decisive.has((error as { reason?: string }).reason ?? '') || Date.now() + delay > until) throw error;
      await pause(delay, cancelled);
    }
  }
}

function failureOf(exitCode: number, output: ScriptOutput): string | null {
  const refused = output.refusals.length > 0 ? output.refusals.join(' ') : null;
  if (exitCode === 0) return refused;
  return tentacleCodes[exitCode] ?? output.resultMessage ?? `The remote script failed with exit code ${exitCode}`;
}

async function quietly(effect: () => Promise<void>): Promise<void> {
  await effect().catch(() => undefined);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

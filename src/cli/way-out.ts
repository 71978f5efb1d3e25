import { cliErrors } from '../errors/cli.ts';
import { PROJECT_NAME } from '../install/names.ts';
import type { LeaseMarker } from '../journal/contract.ts';
import { leaseStore } from '../journal/lease-store.ts';
import type { OctopusClient } from '../octopus/contract.ts';
import { isPassing } from '../octopus/failure.ts';
import { systemClock } from '../runners/ports/clock.ts';
import type { CommandName } from './help.ts';
import type { Io, RunCommand } from './io.ts';
import { readOptions, required, secretFrom } from './options.ts';
import { followRun } from './runs/follow-run.ts';
import { serverAccess } from './runs/server-access.ts';
import type { Told } from './runs/task-follower.ts';
import { toldLines } from './runs/told-lines.ts';

/** How long nothing may be seen of a relay: longer than a Tentacle is watched after its restart, with the wait for its scripts before. */
const RELAY_MS = 600_000;
/** A relay that restarts the server may drain it first, as long as Rotation.DrainLimitMinutes says; its holding the lease is a sign of life. */
const RELAY_HOLDS_MS = 4 * 3_600_000;
const POLL_MS = 500;

/** Options of a command that become prompted variables of its run, by the option's name. */
export type PromptedOptions = Readonly<Record<string, string>>;

/**
 * A command that ends an open rotation by running the runbook for it, and follows that until the rotation is over. The work is done by its
 * steps and by the relay on the rotation's host, where the journal is. Exit code 0 when every run succeeded and nothing is open any more; a
 * run that did not, also the one that the relay queued, is CLI_RUN_FAILED.
 */
export function wayOut(command: CommandName, runbookName: string, prompted: PromptedOptions = {}): RunCommand {
  return async (args, io) => {
    const options = readOptions(command, args, {
      server: { type: 'string' }, 'api-key-env': { type: 'string' }, space: { type: 'string' }, environment: { type: 'string' }, json: { type: 'boolean', default: false },
      ...Object.fromEntries(Object.keys(prompted).map((name) => [name, { type: 'string' as const }])),
    });
    const [url, keyName, space, environmentName] = (['server', 'api-key-env', 'space', 'environment'] as const).map((name) => required(command, name, options[name])) as [string, string, string, string];
    const { json } = options;
    const values: Readonly<Record<string, unknown>> = options;
    const variables = Object.fromEntries(Object.entries(prompted).flatMap(([name, variable]) => (typeof values[name] === 'string' ? [[variable, values[name]]] : [])));
    const access = serverAccess(url, secretFrom(io, keyName, 'the API key'));
    const spaceId = await access.spaceId(space);
    const snapshotName = await access.publishedSnapshot(spaceId, space, PROJECT_NAME, runbookName);
    const { taskId: task } = await access.client.runRunbook({ spaceId, projectName: PROJECT_NAME, runbookName, environmentName, snapshotName, variables });
    say(io, json, { event: 'run-started', task }, `The runbook "${runbookName}" runs: ${task}`);

    const interruption = new AbortController();
    const following = { task };
    const interrupt = () => interruption.abort(cliErrors.CLI_FOLLOWING_STOPPED(following));
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
    const follow = async (run: string) => {
      following.task = run;
      const { state, failedStep } = await followRun({ client: access.client, task: run, signal: interruption.signal, tell: (told) => tell(io, json, told) });
      say(io, json, { event: 'run-ended', task: run, state }, `Run ${run}: ${state}`);
      if (state !== 'Success') throw cliErrors.CLI_RUN_FAILED({ task: run, state, step: failedStep, log: null });
    };
    try {
      await follow(task);
      const rotation = await awaitEnd({
        client: access.client, spaceId, signal: interruption.signal, first: task,
        waiting: (id) => {
          if (!json) io.out(`The relay on the host goes on with rotation ${id} ...`);
        },
        goesOn: async (run) => {
          say(io, json, { event: 'run-started', task: run }, `The relay queued the run that goes on: ${run}`);
          await follow(run);
        },
      });
      if (rotation !== null) say(io, json, { event: 'rotation-closed', rotation }, `Rotation ${rotation} is no longer open.`);
      return 0;
    } finally {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    }
  };
}

interface Waiting {
  client: OctopusClient;
  spaceId: string;
  signal: AbortSignal;
  /** The run that was followed already. */
  first: string;
  waiting(rotationId: string): void;
  /** Another run may go on with the rotation: it is followed to its end. */
  goesOn(task: string): Promise<void>;
}

/**
 * What a run must not do, the relay does after it: the rotation is over when its marker is gone. Answers with its id, or null when none was open
 * any more; CLI_ROTATION_STILL_OPEN when the relay does not come to its end. Times in which the server does not answer are borne.
 */
async function awaitEnd({ client, spaceId, signal, first, waiting, goesOn }: Waiting): Promise<string | null> {
  const followed = new Set([first]);
  const marker = async (): Promise<LeaseMarker | null | undefined> => {
    try {
      return (await leaseStore(client, spaceId).read()).marker;
    } catch (error) {
      if (!isPassing(error)) throw error;
      return undefined;
    }
  };
  let rotation: string | null = null;
  let since = systemClock.monotonic();
  for (;;) {
    const now = await marker();
    if (now === null || (now !== undefined && rotation !== null && now.rotationId !== rotation)) return rotation;
    if (now !== undefined && rotation === null) waiting((rotation = now.rotationId));
    const run = now?.holder.runner === 'runbook' ? now.holder.taskId : null;
    if (run !== null && !followed.has(run)) {
      followed.add(run);
      await goesOn(run);
      since = systemClock.monotonic();
    }
    const isHeld = now !== undefined && now.holder.process !== null;
    const limit = isHeld ? RELAY_HOLDS_MS : RELAY_MS;
    if (systemClock.monotonic() - since > limit) throw cliErrors.CLI_ROTATION_STILL_OPEN({ rotation: rotation ?? 'that was open', seconds: limit / 1000 });
    await systemClock.sleep(POLL_MS, signal);
  }
}

function say(io: Io, json: boolean, event: object, text: string): void {
  io.out(json ? JSON.stringify(event) : text);
}

/** As JSON everything; for people a step once it begins, what it says, and its end. */
function tell(io: Io, json: boolean, told: Told): void {
  if (json) {
    const { kind, ...facts } = told;
    io.out(JSON.stringify({ event: kind, ...facts }));
  } else if (told.kind === 'line' || told.state !== 'running' || told.text === '') {
    for (const { text } of toldLines(told)) io.out(text);
  }
}

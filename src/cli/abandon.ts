import { cliErrors } from '../errors/cli.ts';
import { ABANDON_RUNBOOK_NAME, PROJECT_NAME } from '../install/names.ts';
import { leaseStore } from '../journal/lease-store.ts';
import type { OctopusClient } from '../octopus/contract.ts';
import { systemClock } from '../runners/ports/clock.ts';
import type { Io, RunCommand } from './io.ts';
import { readOptions, required, secretFrom } from './options.ts';
import { followRun } from './runs/follow-run.ts';
import { serverAccess } from './runs/server-access.ts';
import type { Told } from './runs/task-follower.ts';
import { toldLines } from './runs/told-lines.ts';

/** Longer than a Tentacle is watched after its restart, with the wait for its scripts before. */
const RELAY_END_MS = 600_000;
const POLL_MS = 500;

/**
 * `abandon`: starts the runbook that gives up an open rotation before the swap, and follows it until the rotation is over. The work is done by its steps on the
 * rotation's host, where the journal is. Exit code 0 when the run succeeded and nothing is open any more; a run that did not is CLI_RUN_FAILED.
 */
export const runAbandon: RunCommand = async (args, io) => {
  const options = readOptions('abandon', args, {
    server: { type: 'string' }, 'api-key-env': { type: 'string' }, space: { type: 'string' }, environment: { type: 'string' }, json: { type: 'boolean', default: false },
  });
  const [url, keyName, space, environmentName] = (['server', 'api-key-env', 'space', 'environment'] as const).map((name) => required('abandon', name, options[name])) as [string, string, string, string];
  const access = serverAccess(url, secretFrom(io, keyName, 'the API key'));
  const spaceId = await access.spaceId(space);
  const snapshotName = await access.publishedSnapshot(spaceId, space, PROJECT_NAME, ABANDON_RUNBOOK_NAME);
  const { taskId: task } = await access.client.runRunbook({ spaceId, projectName: PROJECT_NAME, runbookName: ABANDON_RUNBOOK_NAME, environmentName, snapshotName, variables: {} });
  say(io, options.json, { event: 'run-started', task }, `The runbook "${ABANDON_RUNBOOK_NAME}" runs: ${task}`);

  const interruption = new AbortController();
  const interrupt = () => interruption.abort(cliErrors.CLI_FOLLOWING_STOPPED({ task }));
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    const { state, failedStep } = await followRun({ client: access.client, task, signal: interruption.signal, tell: (told) => tell(io, options.json, told) });
    say(io, options.json, { event: 'run-ended', task, state }, `Run ${task}: ${state}`);
    if (state !== 'Success') throw cliErrors.CLI_RUN_FAILED({ task, state, step: failedStep, log: null });
    const rotation = await awaitEnd(access.client, spaceId, interruption.signal, (id) => {
      if (!options.json) io.out(`The relay on the host ends rotation ${id} ...`);
    });
    if (rotation !== null) say(io, options.json, { event: 'rotation-closed', rotation }, `Rotation ${rotation} is no longer open.`);
    return 0;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
};

/**
 * The host's own Tentacle, which ran the steps, is set right by the relay after the run: the rotation is over when its marker is gone. Answers with
 * its id, or null when none was open any more; CLI_ROTATION_STILL_OPEN when the relay does not come to its end.
 */
async function awaitEnd(client: OctopusClient, spaceId: string, signal: AbortSignal, waiting: (rotationId: string) => void): Promise<string | null> {
  const open = async () => (await leaseStore(client, spaceId).read()).marker?.rotationId ?? null;
  const rotation = await open();
  if (rotation === null) return null;
  waiting(rotation);
  const until = systemClock.monotonic() + RELAY_END_MS;
  while ((await open()) === rotation) {
    if (systemClock.monotonic() > until) throw cliErrors.CLI_ROTATION_STILL_OPEN({ rotation, seconds: RELAY_END_MS / 1000 });
    await systemClock.sleep(POLL_MS, signal);
  }
  return rotation;
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

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPfx } from '../../src/certificates/pfx.ts';
import { serverAccess } from '../../src/cli/runs/server-access.ts';
import type { Entry } from '../../src/journal/contract.ts';
import { readLease } from '../../src/journal/held-lease.ts';
import { readJournal as readVerified } from '../../src/journal/journal.ts';
import { parseRotationId } from '../../src/journal/rotation-id.ts';
import { rotationSecrets } from '../../src/journal/secrets.ts';
import { openStateFolder } from '../../src/journal/state-folder.ts';
import { systemFiles } from '../../src/runners/ports/files.ts';
import type { Task } from '../../src/octopus/contract.ts';
import type { Report } from '../../schemas/types/report.ts';
import { until, type TestSandbox } from './sandbox.ts';

export interface InstallOptions {
  /** Where the journal goes; the default is `<home>/state`. */
  stateFolder?: string;
  /** Folder with packages/ and step-templates/; the default is the built dist/. */
  from?: string;
  space?: string;
  environment?: string;
  hostTentacle?: string;
  /** Further options of `octopus-rotation install`, e.g. `['--offline-machines', 'leave-behind']`. */
  settings?: string[];
  /** `Rotation.Secret` of an earlier installation in the same home. */
  secret?: string;
}

/** What later steps need to know of an installation. */
export interface Installed { sandbox: TestSandbox; stateFolder: string; space: string; spaceId: string; environment: string; hostTentacle: string; secret: string }

interface Ended { code: number; stdout: string; stderr: string }

/** Runs the built command line as a user does. */
export function octopusRotation(args: string[], environment: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['dist/octopus-rotation.js', ...args], { env: { ...process.env, ...environment }, maxBuffer: 64_000_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr });
    });
  });
}

/** Installs through the built command line. A second installation keeps the secret of the first, which must be handed in. */
export async function install(sandbox: TestSandbox, options: InstallOptions = {}): Promise<Installed> {
  const { space = 'Default', environment = 'Octopus', hostTentacle = sandbox.line.serverMachine } = options;
  const stateFolder = options.stateFolder ?? join(sandbox.line.home, 'state');
  const ended = await octopusRotation([
    'install', '--json', '--server', sandbox.line.url, '--api-key-env', 'TEST_API_KEY', '--space', space, '--environment', environment,
    '--host-tentacle', hostTentacle, '--state-folder', stateFolder, ...(options.from === undefined ? [] : ['--from', options.from]), ...(options.settings ?? []),
  ], { TEST_API_KEY: sandbox.line.apiKey });
  if (ended.code !== 0) throw new Error(`The installer ended with ${ended.code}: ${ended.stderr}${ended.stdout}`);
  const events = ended.stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as { event: string; value?: string });
  const secret = events.find((one) => one.event === 'secret')?.value ?? options.secret;
  if (secret === undefined) throw new Error('The installer made no secret, and none of an earlier installation was handed in.');
  const spaceId = await serverAccess(sandbox.line.url, sandbox.line.apiKey).spaceId(space);
  return { sandbox, stateFolder, space, spaceId, environment, hostTentacle, secret };
}

/** Runs the runbook as a person does, with the prompted variable, and answers with the task's id. */
export async function runRunbook({ sandbox, space, spaceId, environment }: Installed, { force = '', runbook = 'Rotate server certificate', variables = {} }: { force?: string; runbook?: string; variables?: Record<string, string> } = {}): Promise<string> {
  const access = serverAccess(sandbox.line.url, sandbox.line.apiKey);
  const [projectName, runbookName] = ['Octopus Rotation', runbook];
  const snapshotName = await access.publishedSnapshot(spaceId, space, projectName, runbookName);
  return (await access.client.runRunbook({ spaceId, projectName, runbookName, environmentName: environment, snapshotName, variables: { ...variables, ...(force === '' ? {} : { 'Rotation.Force': force }) } })).taskId;
}

/** Waits until a task has completed, while the server may be away. */
export function waitForRun({ sandbox }: Installed, taskId: string, limitMs = 120_000): Promise<Task> {
  const { client } = serverAccess(sandbox.line.url, sandbox.line.apiKey);
  return until(`task ${taskId} completes`, limitMs, async () => {
    const task = await client.task(taskId);
    return task.isCompleted && task;
  }, 100);
}

/** Rotations that have a folder, oldest first, by the time of their folder's first entry; those without any entry come last. */
export function rotationIds(stateFolder: string): string[] {
  const folder = join(stateFolder, 'rotations');
  if (!existsSync(folder)) return [];
  const first = (id: string): string => journalLines(stateFolder, id)[0]?.at ?? '9999';
  return readdirSync(folder).map((id) => [first(id), id] as const).sort().map(([, id]) => id);
}

/** The whole lines of a journal, unverified: the last line may be half written. */
export function journalLines(stateFolder: string, rotationId: string): Entry[] {
  const path = join(stateFolder, 'rotations', rotationId, 'journal.jsonl');
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  return text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Entry);
}

/** A journal with its chain and its authentication verified by the product. */
export async function readJournal({ stateFolder, secret }: Installed, rotationId: string): Promise<readonly Entry[]> {
  const id = parseRotationId(rotationId);
  return readVerified({ files: systemFiles, folder: await openStateFolder(systemFiles, stateFolder), rotationId: id, key: rotationSecrets(secret).journalKey(id) });
}

/** Whether the PFX that a rotation keeps of OLD or NEW opens with the rotation's password and holds that certificate; null when there is no file. */
export async function pfxOpens({ stateFolder, secret }: Installed, rotationId: string, thumbprint: string, which: 'old' | 'new'): Promise<boolean | null> {
  const path = join(stateFolder, 'rotations', rotationId, `${thumbprint}.pfx`);
  if (!existsSync(path)) return null;
  try {
    const opened = await openPfx(readFileSync(path), rotationSecrets(secret).pfxPassword(parseRotationId(rotationId), which), path);
    return opened.facts.thumbprint === thumbprint && opened.keyMatches;
  } catch {
    return false;
  }
}

/** The marker of the lease as Octopus has it. */
export function lease({ sandbox, spaceId }: Installed) {
  return readLease(serverAccess(sandbox.line.url, sandbox.line.apiKey).client, spaceId);
}

/** Tasks that are queued or executing. */
export function activeTasks({ sandbox }: Installed): Promise<Task[]> {
  return serverAccess(sandbox.line.url, sandbox.line.apiKey).client.tasks({ active: true });
}

/** Names of units of ours that a machine still runs, or will start again by itself. */
export async function ourUnits({ sandbox }: Installed): Promise<string[]> {
  return (await sandbox.machines()).flatMap(({ name, units }) => units.filter((unit) => unit.name.startsWith('octopus-rotation-') && !['inactive', 'failed'].includes(unit.activeState)).map((unit) => `${name}: ${unit.name} (${unit.activeState})`));
}

/** The relay of a server node beside the host waits as long as its rotation is open, and does nothing by itself. */
function waitsForItsLeader({ stateFolder }: Installed, unit: string): boolean {
  const id = /octopus-rotation-relay-([a-z]{2}-\d+-[0-9a-f]+)-[0-9a-f]{16}\.service/.exec(unit)?.[1];
  return id !== undefined && !journalLines(stateFolder, id).some((entry) => entry.kind === 'ended');
}

/** Waits until nothing of a rotation goes on: no task, no relay, no restarter; for a while, since one may start the other. */
export async function waitUntilQuiet(installed: Installed, limitMs = 120_000): Promise<void> {
  let since: number | null = null;
  let last = '';
  await until('nothing of the rotation goes on', limitMs, async () => {
    const [tasks, units] = [await activeTasks(installed), (await ourUnits(installed)).filter((unit) => !waitsForItsLeader(installed, unit))];
    last = [...tasks.map((task) => `${task.id} ${task.description}`), ...units].join(', ');
    if (last !== '') since = null;
    else since ??= performance.now();
    return since !== null && performance.now() - since > 300;
  }, 100).catch((error: unknown) => {
    throw new Error(`${(error as Error).message} Still there: ${last}`);
  });
}

/** Waits until the rotation that is open, or was the latest, has its last entry, its lease is given back and its relay gone. Answers with its id. */
export function waitForRotationEnd(installed: Installed, limitMs = 120_000): Promise<string> {
  return until('the rotation ends, gives its lease back, and its relay is gone', limitMs, async () => {
    const id = rotationIds(installed.stateFolder).findLast((one) => journalLines(installed.stateFolder, one).length > 0);
    if (id === undefined || !journalLines(installed.stateFolder, id).some((entry) => entry.kind === 'ended')) return null;
    if (existsSync(join(installed.stateFolder, 'relay', id))) return null;
    return (await lease(installed)) === null && id;
  }, 100);
}

/** The report as it was last written for a rotation; null when there is none. */
export function latestReport({ stateFolder }: Installed, rotationId: string): Report | null {
  const path = join(stateFolder, 'rotations', rotationId, 'report.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) as Report : null;
}

/** The log of a task as text, for what a failing test shows. */
export async function taskLog({ sandbox }: Installed, taskId: string): Promise<string> {
  return Buffer.from(await serverAccess(sandbox.line.url, sandbox.line.apiKey).taskLog(taskId)).toString('utf8');
}

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Command, CommandResult, Processes } from '../../src/ports/processes.ts';
import { relayControl } from '../../src/runners/relay-control.ts';
import { systemClock } from '../../src/runners/ports/clock.ts';
import { systemFiles } from '../../src/runners/ports/files.ts';
import { systemProcesses } from '../../src/runners/ports/processes.ts';

const ID = 'sc-20260101-0a1b2c3d';
const PROGRAM = '// the relay\n';
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'relay-control-'));
  mkdirSync(join(root, 'step', 'package'), { recursive: true });
  mkdirSync(join(root, 'state'), { mode: 0o700 });
  writeFileSync(join(root, 'step', 'package', 'relay.js'), PROGRAM);
  writeFileSync(join(root, 'step', 'node'), '#!/bin/sh\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** The processes of this machine, with a service manager that only notes what it is told, and says for the relay that it has its job. */
function machine(runtime: string): { processes: Processes; commands: Command[] } {
  const commands: Command[] = [];
  const run = (command: Command): Promise<CommandResult> => {
    commands.push(command);
    if (command.args.includes('enable')) writeFileSync(join(root, 'state', 'relay', ID, 'accepted'), '');
    return Promise.resolve({ exitCode: 0, stdout: '', stderr: '', timedOut: false });
  };
  return { commands, processes: { ...systemProcesses, runtime, run, find: (name) => Promise.resolve(`/usr/bin/${name}`) } };
}

async function start(runtime: string) {
  const { processes, commands } = machine(runtime);
  const control = relayControl({ clock: systemClock, files: systemFiles, processes, programs: join(root, 'step', 'package') });
  await control.start({
    format: 1, kind: 'finish', rotationId: ID, stateFolder: join(root, 'state'), serverUrl: 'http://127.0.0.1:1', apiKey: 'API-KEY', secret: 's'.repeat(40), taskId: 'ServerTasks-1', spaceId: 'Spaces-1',
    projectName: 'P', runbookName: 'R', environmentName: 'E', snapshotName: 'S', octopusServer: '/opt/Octopus.Server', restartCommand: null,
    localTentacle: { executable: '/opt/Tentacle', instance: 'Tentacle', home: '/home' }, environment: {},
  }, () => Promise.resolve());
  const folder = join(root, 'state', 'relay', ID);
  return { commands, folder, unit: readFileSync(join(folder, `octopus-rotation-relay-${ID}.service`), 'utf8') };
}

test('D14, D15: the relay is started by the service manager alone, so it has no stream and no control group of the step', async () => {
  const { commands, unit } = await start('/usr/bin/node');
  expect(commands.map(({ args }) => args.filter((one) => one !== '-n' && !one.endsWith('systemctl')).slice(0, 2).join(' '))).toEqual(['enable --now']);
  expect(unit).toMatch(/^ExecStart="\/usr\/bin\/node" --no-warnings /m);
  expect(unit).toMatch(/^Restart=on-failure$/m);
  expect(unit).toMatch(/^WantedBy=multi-user\.target$/m);
});

test('D16: program and runtime that lie in the package are copied out of it, and remain when it is deleted', async () => {
  chmodSync(join(root, 'step', 'node'), 0o755);
  const { folder, unit } = await start(join(root, 'step', 'node'));
  rmSync(join(root, 'step'), { recursive: true });
  expect(unit).not.toContain(join(root, 'step'));
  expect(unit).toContain(`"${join(folder, 'node')}"`);
  expect(readFileSync(join(folder, 'relay.js'), 'utf8')).toBe(PROGRAM);
  expect(statSync(join(folder, 'node')).mode & 0o777).toBe(0o700);
  expect(existsSync(join(folder, 'job.json'))).toBe(true);
});

test('A23: what the relay is told, secrets included, is for its own account only', async () => {
  const { folder } = await start('/usr/bin/node');
  expect(statSync(join(folder, 'job.json')).mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

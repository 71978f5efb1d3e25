import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { RelayJob } from '../../schemas/types/relay-job.ts';
import { swapErrors } from '../errors/swap.ts';
import { parseRotationId } from '../journal/rotation-id.ts';
import { openStateFolder } from '../journal/state-folder.ts';
import { nodeKey } from '../mailbox/message.ts';
import type { RelayControl } from '../phases/context.ts';
import { relayName } from '../phases/relay-job.ts';
import type { Clock } from '../ports/clock.ts';
import type { Files } from '../ports/files.ts';
import type { Processes } from '../ports/processes.ts';
import { canonical } from '../schema/canonical.ts';

/** What the relay leaves in its folder for the step that started it. */
export const ACCEPTED = 'accepted';
export const CHECKED = 'checked.json';
export const JOB = 'job.json';
export const PROGRAM = 'relay.js';

const ANSWER_MS = 30_000;
const COMMAND_MS = 60_000;
const POLL_MS = 100;

/** Name of the unit of the relay of that name. */
export function relayUnit(name: string): string {
  return `octopus-rotation-relay-${name}.service`;
}

/**
 * Starts relays as enabled units of systemd, which are apart from the Tentacle's own unit: a restart of that one kills all that it
 * started (D15). The unit file lies in the state folder and is linked by `systemctl enable`, so that nothing remains elsewhere.
 * `programs` is the folder of the extracted package; what the relay runs is copied out of it (D16).
 */
export function relayControl(options: { clock: Clock; files: Files; processes: Processes; programs: string }): RelayControl {
  const { clock, files, processes, programs } = options;

  async function systemctl(...args: string[]): Promise<{ exitCode: number | null; text: string }> {
    const program = await processes.find('systemctl');
    if (!program) throw swapErrors.RELAY_NOT_READY({ reason: 'there is no systemctl on this machine' });
    // As root directly; else by password-less sudo, which Tentacle's own service command needs as well.
    const [file, before] = files.account === 0 ? [program, []] : [(await processes.find('sudo')) ?? 'sudo', ['-n', program]];
    const result = await processes.run({ file, args: [...before, ...args], timeoutMs: COMMAND_MS });
    return { exitCode: result.exitCode, text: `${result.stdout}\n${result.stderr}`.trim() };
  }

  async function take(job: Pick<RelayJob, 'rotationId' | 'stateFolder' | 'node'>): Promise<string> {
    const folder = await relayFolder(job);
    const unit = relayUnit(relayName(job));
    if ((await files.facts(join(folder, unit))) !== null) await systemctl('disable', '--now', unit);
    for (const name of await files.list(folder)) await files.remove(join(folder, name));
    return folder;
  }

  async function relayFolder({ stateFolder, rotationId, node }: Pick<RelayJob, 'rotationId' | 'stateFolder' | 'node'>): Promise<string> {
    return (await openStateFolder(files, stateFolder)).relayFolder(parseRotationId(rotationId), node === undefined ? undefined : nodeKey(node.id));
  }

  async function alive(name: string): Promise<boolean> {
    const state = await systemctl('is-active', relayUnit(name));
    return state.exitCode === 0 || state.text === 'activating';
  }

  async function ownProgram(): Promise<{ program: Uint8Array; relaySha256: string }> {
    const program = await files.read(join(programs, PROGRAM));
    return { program, relaySha256: createHash('sha256').update(program).digest('hex') };
  }

  const folders = new Map<string, string>();

  return {
    async start(job, announce) {
      const name = relayName(job);
      const folder = await take(job);
      folders.set(name, folder);
      const { program, relaySha256 } = await ownProgram();
      const runtime = await keptRuntime(folder);
      await files.create(join(folder, PROGRAM), program);
      const whole: RelayJob = { ...job, folder, relaySha256 };
      await files.create(join(folder, JOB), `${JSON.stringify(whole, null, 2)}\n`);
      const unit = relayUnit(name);
      const unitPath = join(folder, unit);
      await files.create(unitPath, unitText(name, runtime, folder, job.environment['PATH'] ?? ''));
      await announce({ unit, relaySha256 });
      const started = await systemctl('enable', '--now', unitPath);
      if (started.exitCode !== 0) throw swapErrors.RELAY_NOT_READY({ reason: `systemctl enable --now ended with exit code ${started.exitCode ?? 'none'}: ${started.text}` });
      await waitForFile(join(folder, ACCEPTED), ANSWER_MS, () => swapErrors.RELAY_DID_NOT_ANSWER({ seconds: ANSWER_MS / 1000, log: `journalctl -u ${unit}` }));
    },
    alive,
    async stands(job) {
      if (!(await alive(relayName(job)))) return false;
      const path = join(await relayFolder(job), JOB);
      if ((await files.facts(path)) === null) return false;
      const { folder: _, ...there } = JSON.parse(Buffer.from(await files.read(path)).toString('utf8')) as RelayJob;
      return canonical(lasting(there)) === canonical(lasting({ ...job, relaySha256: (await ownProgram()).relaySha256 }));
    },
    async checkResult(name, timeoutMs) {
      const path = join(folders.get(name)!, CHECKED);
      await waitForFile(path, timeoutMs, () => swapErrors.RELAY_NOT_READY({ reason: `its trial job did not end within ${timeoutMs / 1000} seconds` }));
      return JSON.parse(Buffer.from(await files.read(path)).toString('utf8')) as { ready: true; thumbprint: string } | { ready: false; reason: string };
    },
    async remove(name) {
      const folder = folders.get(name);
      if (!folder) return;
      await systemctl('disable', '--now', relayUnit(name));
      for (const name of await files.list(folder)) await files.remove(join(folder, name));
    },
  };

  /** The node that runs us, copied only where it lies in the package or the step's working folder, which are deleted (D16). */
  async function keptRuntime(folder: string): Promise<string> {
    const isTemporary = processes.runtime.startsWith(`${dirname(programs)}/`);
    if (!isTemporary) return processes.runtime;
    const kept = join(folder, 'node');
    await files.copy(processes.runtime, kept, 0o700);
    return kept;
  }

  async function waitForFile(path: string, timeoutMs: number, late: () => Error): Promise<void> {
    const start = clock.monotonic();
    while ((await files.facts(path)) === null) {
      if (clock.monotonic() - start > timeoutMs) throw late();
      await clock.sleep(POLL_MS);
    }
  }
}

/** A job without what differs from run to run and says nothing about what the relay of a node does. */
function lasting({ taskId: _, snapshotName: _s, runbookName: _r, environmentName: _e, environment: _v, node, ...job }: Omit<RelayJob, 'folder'>): unknown {
  const { fence: _f, ...kept } = node ?? { fence: 0 };
  return { ...job, ...kept };
}

/** A unit that is started again on failure and at boot, until its job is done (DESIGN.md section 6). */
function unitText(name: string, runtime: string, folder: string, path: string): string {
  const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`;
  // A dollar sign is expanded in ExecStart only.
  const argument = (text: string) => quoted(text).replaceAll('$', '$$$$');
  return [
    '[Unit]',
    `Description=Octopus Rotation relay of rotation ${name}`,
    'After=network-online.target',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=simple',
    `Environment=${quoted(`PATH=${path}`)}`,
    `WorkingDirectory=${folder.replaceAll('%', '%%')}`,
    `ExecStart=${argument(runtime)} --no-warnings ${argument(join(folder, PROGRAM))} ${argument(join(folder, JOB))}`,
    'Restart=on-failure',
    'RestartSec=2',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseMachineResults } from '../../../src/tentacle/machine-result.ts';
import { trustScript } from '../../../src/tentacle/trust-script.ts';
import type { MachineResult } from '../../../src/tentacle/contract.ts';
import type { Thumbprint } from '../../../src/certificates/thumbprint.ts';
import { freePort } from '../../../src/sandbox/machines/free-port.ts';

const fakes = dirname(fileURLToPath(import.meta.url));
const pfx = join(fakes, '..', '..', 'conformance', 'fixtures', 'certificates', 'T.pfx');
export const ROTATION = '20261124-a1b2c3';
export const OWN = '0123456789ABCDEF0123456789ABCDEF01234567';

export interface Entry { Thumbprint: string; CommunicationStyle: number | string; Address: string | null; Squid: string | null; SubscriptionId: string | null }
export const passive = (Thumbprint: string): Entry => ({ Thumbprint, CommunicationStyle: 1, Address: null, Squid: null, SubscriptionId: null });
export const polling = (Thumbprint: string): Entry => ({ Thumbprint, CommunicationStyle: 2, Address: 'https://server:10943/', Squid: null, SubscriptionId: 'poll://abc/' });

/** A real PowerShell, named by PWSH or SANDBOX_PWSH or found on PATH; Windows itself is played by the fakes. */
export const pwsh = [process.env['PWSH'], process.env['SANDBOX_PWSH'], ...(process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'pwsh'))].find((path) => path !== undefined && existsSync(path));

type Operation = Parameters<typeof trustScript>[0]['operation'];
type Options = Partial<Parameters<typeof trustScript>[0]>;

/** A machine with one Tentacle made of the fakes in this folder, with real processes. */
export class Machine {
  readonly dir = mkdtempSync(join(tmpdir(), 'rotation-tentacle-'));
  readonly env: NodeJS.ProcessEnv;

  private constructor() {
    mkdirSync(join(this.dir, 'bin'));
    mkdirSync(join(this.dir, 'Logs'));
    cpSync(join(fakes, 'windows'), join(this.dir, 'windows'), { recursive: true });
    copyFileSync(join(fakes, 'windows', 'schtasks.exe'), join(this.dir, 'bin', 'schtasks.exe'));
    chmodSync(join(this.dir, 'bin', 'schtasks.exe'), 0o755);
    for (const name of ['Tentacle', 'systemctl', 'systemd-run', 'agent.cjs', 'store.cjs']) {
      copyFileSync(join(fakes, name), join(this.dir, 'bin', name));
      chmodSync(join(this.dir, 'bin', name), 0o755);
    }
    this.env = { PATH: `${join(this.dir, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`, FAKE_DIR: this.dir, FAKE_PFX: pfx, HOME: this.dir, PSModulePath: join(this.dir, 'windows') };
  }

  /** With a configuration file the list is kept there, else in world.json. */
  static async start(trusted: Entry[], configuration?: string | Buffer): Promise<Machine> {
    const machine = new Machine();
    if (configuration !== undefined) machine.write('Tentacle.config', configuration);
    machine.write('world.json', JSON.stringify({ own: OWN, port: await freePort(), trusted }));
    machine.systemctl('start', 'My-Tentacle.service');
    return machine;
  }

  systemctl(...args: string[]): void {
    execFileSync(join(this.dir, 'bin', 'systemctl'), args, { env: this.env });
  }

  get trusted(): Entry[] {
    return (JSON.parse(this.read('world.json')) as { trusted: Entry[] }).trusted;
  }

  set trusted(trusted: Entry[]) {
    this.change({ trusted });
  }

  change(part: Record<string, unknown>): void {
    this.write('world.json', JSON.stringify({ ...(JSON.parse(this.read('world.json')) as object), ...part }));
  }

  read(name: string): string {
    return existsSync(join(this.dir, name)) ? readFileSync(join(this.dir, name), 'utf8') : '';
  }

  write(name: string, text: string | Buffer): void {
    writeFileSync(join(this.dir, name), text);
  }

  remove(name: string): void {
    rmSync(join(this.dir, name), { recursive: true, force: true });
  }

  /** Runs a script as a child of the running Tentacle. */
  raw(script: string): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(join(this.dir, 'agent.sock'), () => socket.write(`${script}\0`));
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text)).on('error', reject);
      socket.on('close', () => (answer === '' ? reject(new Error('the Tentacle ended')) : resolve(JSON.parse(answer) as { code: number; stdout: string; stderr: string })));
    });
  }

  async run(operation: Operation, thumbprint: string, options: Options = {}): Promise<MachineResult> {
    const script = this.script(operation, thumbprint, options);
    if (options.shell === 'PowerShell') this.write('script.ps1', script);
    const answer = await this.raw(options.shell === 'PowerShell' ? `exec '${pwsh!}' -NoProfile -NonInteractive -File '${join(this.dir, 'script.ps1')}'` : script);
    const { results, ignored } = parseMachineResults(answer.stdout, ROTATION);
    if (answer.code !== 0 || results.length !== 1 || ignored !== 0 || answer.stderr !== '') throw new Error(`no single result: ${JSON.stringify(answer)}`);
    return results[0]!;
  }

  script(operation: Operation, thumbprint: string, options: Options = {}): string {
    return trustScript({
      rotationId: ROTATION, fence: 7, operation, thumbprint: thumbprint as Thumbprint,
      restart: 'detached', restartDelaySeconds: 0, restartWatchSeconds: 20, idleLimitSeconds: 20, ...options,
    });
  }

  /** Waits until the detached restarter has said how it ended. */
  async ended(): Promise<string> {
    for (;;) {
      const state = /^state=(.*)$/m.exec(this.read('OctopusRotation/state'))?.[1] ?? '';
      if (!['', 'armed', 'pending'].includes(state)) return state;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  stop(): void {
    for (const unit of existsSync(join(this.dir, 'units')) ? execFileSync('ls', [join(this.dir, 'units')], { encoding: 'utf8' }).split('\n') : []) {
      if (unit.endsWith('.service.pid')) this.systemctl('stop', unit.slice(0, -4));
    }
    this.systemctl('stop', 'My-Tentacle.service');
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A process that is a child of the Tentacle, as a deployment's script is; ends when told. */
export function longScript(machine: Machine): { end(): void } {
  machine.remove('go');
  void machine.raw(`until [ -e '${machine.dir}/go' ]; do sleep 0.05; done`).catch(() => undefined);
  return { end: () => machine.write('go', '') };
}


import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findPwsh } from '../../../src/sandbox/windows/pwsh.ts';
import { freePort } from '../../../src/sandbox/machines/free-port.ts';
import { ROTATION, type Entry } from '../../tentacle/fakes/machine.ts';
import { parseMachineResults } from '../../../src/tentacle/machine-result.ts';
import { certificateScript } from '../../../src/tentacle/certificate-script.ts';
import { parseCertificateResults } from '../../../src/tentacle/certificate-result.ts';
import { trustScript } from '../../../src/tentacle/trust-script.ts';
import type { CertificateResult, CertificateScript, MachineResult, TrustShell } from '../../../src/tentacle/contract.ts';
import type { Thumbprint } from '../../../src/certificates/thumbprint.ts';

const here = import.meta.dirname;
const pfx = join(here, '..', 'fixtures', 'certificates', 'T.pfx');
const LIST = /(<set key="Tentacle\.Communication\.TrustedOctopusServers">)([^<]*)/;
const ENDED_WITHIN_MS = 90_000;

export interface Subject { name: string; command: string[] }
/** The sandbox's own executable, and a real one where the machine has one. */
export const embedded: Subject = { name: "the sandbox's Tentacle", command: [process.execPath, join(here, '..', '..', '..', 'dist', 'sandbox', 'tentacle.js')] };
export const real: Subject | undefined = process.env.TENTACLE_EXE ? { name: 'the Tentacle of TENTACLE_EXE', command: [realpathSync(process.env.TENTACLE_EXE)] } : undefined;

/** The PowerShell under which the scripts for Windows are run; what Windows has besides is played by the stand-ins. */
export const pwsh = findPwsh(process.env);
/** Shells whose scripts can be run here. */
export const shells: TrustShell[] = pwsh === null ? ['Bash'] : ['Bash', 'PowerShell'];

export interface Ran { code: number; stdout: string; stderr: string }

/** A machine with one instance `Tentacle` (certificate T, on a port of 127.0.0.1), in a home of its own, under stand-ins for systemd and Windows. */
export class Rig {
  readonly dir = mkdtempSync(join(tmpdir(), 'rotation-conformance-'));
  readonly home = join(this.dir, 'machines', 'one');
  readonly config = join(this.home, 'Tentacle.config');
  readonly env: Record<string, string>;
  port = 0;

  private constructor(subject: Subject, private readonly shellKind: TrustShell) {
    for (const folder of ['bin', 'units', 'machines/one/etc/systemd']) mkdirSync(join(this.dir, folder), { recursive: true });
    cpSync(join(here, 'stand-ins'), join(this.dir, 'bin'), { recursive: true });
    // exec: the process is the Tentacle itself, as under systemd.
    this.write('bin/Tentacle', `#!/bin/sh\nexec ${subject.command.map((part) => `'${part}'`).join(' ')} "$@"\n`);
    for (const name of readdirSync(join(this.dir, 'bin'))) chmodSync(join(this.dir, 'bin', name), 0o755);
    this.write('machines/one/machine.json', JSON.stringify({ tentacleVersion: '8.3.2' }));
    this.env = {
      PATH: [join(this.dir, 'bin'), dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'), HOME: this.dir,
      PSModulePath: join(this.dir, 'bin'), NO_COLOR: '1', RIG: this.dir, RIG_HOME: this.home,
      SANDBOX_MACHINE: this.home, TentacleMachineConfigurationHomeDirectory: join(this.dir, 'etc', 'octopus'),
      ...(process.env.DOTNET_ROOT ? { DOTNET_ROOT: process.env.DOTNET_ROOT } : {}),
    };
    this.write('environment', Object.entries(this.env).map(([name, value]) => `${name}=${value}\n`).join(''));
  }

  static async create(subject: Subject, trusted: readonly unknown[] = [], shell: TrustShell = 'Bash'): Promise<Rig> {
    const rig = new Rig(subject, shell);
    rig.port = await freePort();
    for (const args of [
      ['create-instance', '--instance=Tentacle', `--config=${rig.config}`],
      ['import-certificate', '--instance=Tentacle', `--from-file=${pfx}`],
      ['configure', '--instance=Tentacle', `--port=${rig.port}`, '--noListen=False', '--reset-trust', `--trust=${'F'.repeat(40)}`],
    ]) {
      const { code, stdout, stderr } = await rig.tentacle(...args);
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    }
    rig.list = JSON.stringify(trusted);
    return rig;
  }

  /** The list as it is stored, text for text. */
  get list(): string {
    return LIST.exec(this.read('machines/one/Tentacle.config'))![2]!.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  }

  set list(json: string) {
    const escaped = json.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    const before = this.read('machines/one/Tentacle.config');
    if (!LIST.test(before)) throw new Error('the configuration file holds no list');
    writeFileSync(this.config, before.replace(LIST, (_, key: string) => key + escaped));
  }

  get trusted(): Entry[] { return JSON.parse(this.list) as Entry[]; }
  get log(): string { return this.read('machines/one/Logs/OctopusTentacle.txt'); }
  get effective(): string[] {
    const lines = this.log.split('\n');
    const start = lines.findLastIndex((line) => /Agent listening on: |will not listen/.test(line));
    const pid = this.pid;
    return lines.slice(0, start).flatMap((line) => (line.trim().split(/ +/)[2] === String(pid) ? /thumbprint: (\S+)/.exec(line)?.[1] ?? [] : []));
  }

  get pid(): number { return Number(this.read('units/Tentacle.service.pid')); }

  read(name: string): string { return existsSync(join(this.dir, name)) ? readFileSync(join(this.dir, name), 'utf8') : ''; }
  write(name: string, text: string): void { writeFileSync(join(this.dir, name), text); }

  tentacle(...args: string[]): Promise<Ran> { return this.execute(join(this.dir, 'bin', 'Tentacle'), args); }
  systemctl(...args: string[]): Promise<Ran> { return this.execute(join(this.dir, 'bin', 'systemctl'), args); }
  shell(text: string, env: Record<string, string> = {}): Promise<Ran> { return this.execute('bash', ['-c', text], env); }

  /** Starts or restarts the agent and waits until it says that it listens. */
  async start(): Promise<void> {
    await this.systemctl('restart', 'Tentacle.service');
    await until('the agent listens', () => this.listening());
  }

  listening(): boolean {
    return this.log.split('\n').some((line) => line.includes('Agent listening on: ') && line.trim().split(/ +/)[2] === String(this.pid));
  }

  /** The shipped script, run beside the Tentacle as the relay on the host runs it. */
  async script(operation: 'observe' | 'add' | 'remove', thumbprint: Thumbprint, options: Partial<Parameters<typeof trustScript>[0]> = {}, env: Record<string, string> = {}): Promise<MachineResult> {
    return single(await this.shell(this.command(this.text(operation, thumbprint, { place: 'host', ...options })), { ...this.scriptEnv, ...env }));
  }

  /** The shipped script, run as a child of the Tentacle, which is started for that. */
  async inside(operation: 'observe' | 'add' | 'remove', thumbprint: Thumbprint, options: Partial<Parameters<typeof trustScript>[0]> = {}): Promise<MachineResult> {
    const env = Object.entries(this.scriptEnv).map(([name, value]) => `export ${name}='${value}'\n`).join('');
    rmSync(join(this.dir, 'inside.code'), { force: true });
    this.write('inside.sh', env + this.command(this.text(operation, thumbprint, options)));
    await this.start();
    await until('the script has ended', () => this.read('inside.code') !== '');
    return single({ code: Number(this.read('inside.code')), stdout: this.read('inside.out'), stderr: this.read('inside.err') });
  }

  /** The shipped script about the Tentacle's own certificate, run beside the Tentacle. */
  async certificate(operation: Parameters<CertificateScript>[0]['operation'], options: Partial<Parameters<CertificateScript>[0]> = {}, env: Record<string, string> = {}): Promise<CertificateResult> {
    const text = certificateScript({ rotationId: ROTATION, fence: 7, operation, shell: this.shellKind, place: 'host', fireDelaySeconds: 0, confirmSeconds: 600, watchSeconds: 40, idleLimitSeconds: 40, ...options });
    const ran = await this.shell(this.command(text), { ...this.scriptEnv, ...env });
    const { results, ignored } = parseCertificateResults(ran.stdout, ROTATION);
    if (ran.code !== 0 || results.length !== 1 || ignored !== 0 || ran.stderr !== '') throw new Error(`no single result: ${JSON.stringify(ran)}`);
    return results[0]!;
  }

  /** A value of the configuration file, as it stands there. */
  value(key: string): string {
    return new RegExp(`<set key="${key.replaceAll('.', '\\.')}">([^<]*)`, 'i').exec(this.read('machines/one/Tentacle.config'))?.[1] ?? '';
  }

  /** What the certificate script keeps of its own in the home of the Tentacle. */
  get note(): Record<string, string> {
    return Object.fromEntries(this.read('machines/one/OctopusRotation/certificate/state').split('\n').filter((line) => line !== '').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  }

  /** Waits until the note is one of these. */
  async noted(...states: string[]): Promise<string> {
    await until(`the note is ${states.join(' or ')}`, () => states.includes(this.note['state'] ?? ''));
    return this.note['state']!;
  }

  jobUnits(): string[] { return readdirSync(join(this.dir, 'units')).filter((name) => /^octopus-rotation-certificate-[0-9A-F]{8}\.(service|xml)$/.test(name)); }

  /** Everything of the machine dies at once: whoever was just about to start something, and what it started meanwhile. */
  async powerOff(): Promise<void> {
    await until('everything is dead', () => {
      const alive = this.processes();
      for (const pid of alive) try { process.kill(pid, 'SIGKILL'); } catch { /* gone already */ }
      return alive.length === 0;
    });
  }

  /** All that runs on this machine, by the environment that each process of it has from the one that started it. */
  private processes(): number[] {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`RIG=${this.dir}`);
      } catch {
        return false; // gone, or a zombie
      }
    });
  }

  /** kill -9 of the job alone; whoever keeps it up starts it again (a scheduled task at its next minute, which is not waited for). */
  async killJob(): Promise<void> {
    for (const name of readdirSync(join(this.dir, 'units'))) {
      const pid = (this.shellKind === 'Bash' ? /^octopus-rotation-certificate-.*\.main$/ : /^octopus-rotation-certificate-.*\.pid$/).test(name) ? Number(this.read(`units/${name}`)) : 0;
      if (pid > 1) try { process.kill(-pid, 'SIGKILL'); } catch { /* gone already */ }
      const task = name.replace('.service.pid', '');
      if (pid > 1 && this.shellKind === 'PowerShell' && existsSync(join(this.dir, 'units', `${task}.xml`))) await this.execute(join(this.dir, 'bin', 'schtasks.exe'), ['/Run', '/TN', task]);
    }
  }

  /** The Tentacle's command line does this first. */
  wrap(first: string): void {
    const text = this.read('bin/Tentacle');
    const last = text.slice(text.lastIndexOf('exec '));
    this.write('bin/Tentacle.new', `#!/bin/sh\n${first}\n${last}`);
    chmodSync(join(this.dir, 'bin', 'Tentacle.new'), 0o755);
    renameSync(join(this.dir, 'bin', 'Tentacle.new'), join(this.dir, 'bin', 'Tentacle'));
  }

  /** The machine starts: its Tentacle, and what is enabled. */
  async boot(): Promise<void> { await this.systemctl('boot'); }

  /** How the detached restarter said that it ended. */
  async ended(): Promise<string> {
    const state = () => /^state=(.*)$/m.exec(this.read('machines/one/OctopusRotation/state'))?.[1] ?? '';
    await until('the restarter has ended', () => !['', 'armed', 'pending'].includes(state()));
    return state();
  }

  async stop(): Promise<void> {
    for (const name of readdirSync(join(this.dir, 'units'))) if (name.endsWith('.service.pid')) await this.systemctl('stop', name.slice(0, -4));
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** What a shell runs to run a script: itself, or PowerShell with the script in a file. */
  private command(script: string): string {
    if (this.shellKind === 'Bash') return script;
    this.write('script.ps1', script);
    return `exec '${pwsh!.path}' -NoProfile -NonInteractive -File '${join(this.dir, 'script.ps1')}'`;
  }

  private get scriptEnv(): Record<string, string> {
    return { TentacleHome: this.home, TentacleInstanceName: 'Tentacle', TentacleExecutablePath: join(this.dir, 'bin', 'Tentacle') };
  }

  private text(operation: 'observe' | 'add' | 'remove', thumbprint: Thumbprint, options: Partial<Parameters<typeof trustScript>[0]>): string {
    return trustScript({
      rotationId: ROTATION, fence: 7, operation, thumbprint, shell: this.shellKind,
      restart: 'none', restartDelaySeconds: 0, restartWatchSeconds: 40, idleLimitSeconds: 40, ...options,
    });
  }

  private execute(file: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = spawn(file, args, { env: { ...this.env, ...env }, cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'] });
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
      child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
      child.on('error', reject).on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    });
  }
}

function single(ran: Ran): MachineResult {
  const { results, ignored } = parseMachineResults(ran.stdout, ROTATION);
  if (ran.code !== 0 || results.length !== 1 || ignored !== 0 || ran.stderr !== '') throw new Error(`no single result: ${JSON.stringify(ran)}`);
  return results[0]!;
}

export async function until(what: string, holds: () => boolean): Promise<void> {
  const over = performance.now() + ENDED_WITHIN_MS;
  while (!holds()) {
    if (performance.now() > over) throw new Error(`Not within ${ENDED_WITHIN_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

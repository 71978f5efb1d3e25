import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createServer, createServerCertificate, openDatabase, type ServerEstate, type ServerRecord } from '../../../src/sandbox/server/creation.ts';
import type { CertificateWithKey } from '../../../src/sandbox/server/certificate.ts';

const executable = resolve('dist/sandbox/octopus-server.js');

export const estate: ServerEstate = {
  server: { version: '2026.2.1000', nodes: [{ name: 'NODE1', machine: 'octopus-01' }] },
  spaces: [
    { name: 'Default', environments: ['Production', 'Octopus'], workerPools: ['Default Worker Pool'] },
    { name: 'Payments', environments: ['Production'], workerPools: ['Payments Pool'] },
  ],
  machines: [
    { name: 'octopus-01', registrations: [{ space: 'Default', as: 'target', roles: ['octopus-server-node'], environments: ['Octopus'] }] },
    { name: 'web-01', registrations: [{ space: 'Default', as: 'target', roles: ['web'], environments: ['Production'] }, { space: 'Payments', as: 'target', name: 'payments-web', roles: ['web'], environments: ['Production'] }] },
    { name: 'worker-01', registrations: [{ space: 'Default', as: 'worker' }] },
    { name: 'legacy-01', registrations: [{ space: 'Default', as: 'target', roles: ['web'], environments: ['Production'], disabled: true }] },
  ],
  otherEndpoints: [{ space: 'Default', name: 'ssh-gateway', style: 'Ssh', roles: ['gateway'], environments: ['Production'] }],
};

/** What REST answers, looked into without ceremony: each test asserts what it reads. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

export interface Answer { status: number; headers: Headers; body: Json; text: string }

/** A server of its own in a temporary home: real process, real database, no Tentacle behind any registration. */
export class ServerHarness {
  child: ChildProcess | null = null;
  private constructor(readonly home: string, readonly server: ServerRecord, readonly certificate: CertificateWithKey) {}

  static async create(spec: ServerEstate = estate): Promise<ServerHarness> {
    const home = mkdtempSync(join(tmpdir(), 'octopus-server-'));
    const machines = spec.machines.map(({ name }, index) => {
      const dir = join(home, 'machines', name);
      mkdirSync(join(dir, 'bin'), { recursive: true });
      return { name, dir, port: 1, thumbprint: String(index).repeat(40) };
    });
    const certificate = createServerCertificate();
    return new ServerHarness(home, await createServer(home, spec, machines, certificate), certificate);
  }

  get machineDir(): string {
    return join(this.home, 'machines', this.server.machine);
  }

  get database() {
    return openDatabase(this.machineDir);
  }

  spawn(): ChildProcess {
    this.child = spawn(process.execPath, [executable, 'run', '--instance=OctopusServer', '--noninteractive'], { env: { ...process.env, SANDBOX_MACHINE: this.machineDir }, stdio: 'ignore' });
    return this.child;
  }

  /** Resolves when the server answers; rejects when its process ends before. */
  async start(): Promise<void> {
    const child = this.spawn();
    for (;;) {
      if (child.exitCode !== null) throw new Error(`The server ended with exit code ${child.exitCode}.`);
      const status = await fetch(`${this.server.url}/api`).then((response) => response.status, () => 0);
      if (status === 200) return;
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.child;
    this.child = null;
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
    child.kill(signal);
    return ended;
  }

  async dispose(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.home, { recursive: true, force: true });
  }

  faults(faults: object): void {
    writeFileSync(join(this.home, 'faults.json'), JSON.stringify(faults));
  }

  truth(): { event: string; [detail: string]: unknown }[] {
    return readFileSync(join(this.home, 'truth.jsonl'), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
  }

  /** `Octopus.Server` as a user would run it. */
  async run(args: string[], path?: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const env = { ...process.env, SANDBOX_MACHINE: this.machineDir, ...(path ? { PATH: `${path}:${process.env.PATH}` } : {}) };
    const child = spawn(process.execPath, [executable, ...args], { env });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => { stdout += chunk; });
    child.stderr.on('data', (chunk) => { stderr += chunk; });
    const code = await new Promise<number | null>((done) => child.once('close', (exit) => done(exit)));
    return { code, stdout, stderr };
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const isForm = body instanceof FormData || body instanceof Uint8Array;
    const response = await fetch(`${this.server.url}${path}`, {
      method, redirect: 'manual',
      headers: { 'X-Octopus-ApiKey': this.server.apiKey, ...(isForm || body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: isForm ? (body as FormData) : JSON.stringify(body) }),
    });
    const text = await response.text();
    let parsed: unknown = text;
    try {
      parsed = JSON.parse(text);
    } catch { /* not JSON */ }
    return { status: response.status, headers: response.headers, body: parsed, text };
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call('GET', path, undefined, headers);
  }

  /** Polls until `done` says so. */
  async until(path: string, done: (answer: Answer) => boolean): Promise<Answer> {
    for (;;) {
      const answer = await this.get(path);
      if (done(answer)) return answer;
      await new Promise((next) => setTimeout(next, 30));
    }
  }
}

/** A multipart body with one package. */
export function packageForm(fileName: string, content: string, field = 'fileToUpload'): FormData {
  const form = new FormData();
  form.append(field, new Blob([content]), fileName);
  return form;
}

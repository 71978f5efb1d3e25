import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { markedProcesses } from '../../../src/sandbox/machines/processes.ts';
import { connectToTentacle } from '../../../src/sandbox/wire/client.ts';
import { belongsTo } from '../../../src/sandbox/supervisor/supervisor.ts';
import { openDatabase } from '../../../src/sandbox/server/creation.ts';

const root = join(import.meta.dirname, '../../..');
const [program, smallest] = [join(root, 'dist/sandbox/start.js'), join(root, 'test/estates/smallest.json')];

interface Ready { url: string; apiKey: string; serverThumbprint: string; serverCertificate: string; controlUrl: string; controlToken: string; home: string; tentacles: { name: string; address: string; thumbprint: string; state: string; shell: string }[] }

let home: string;
let started: ChildProcessWithoutNullStreams | undefined;
beforeEach(() => { home = realpathSync(mkdtempSync(join(tmpdir(), 'start-'))); });
afterEach(async () => {
  if (started && started.exitCode === null && started.signalCode === null) {
    const ended = new Promise((resolve) => { started?.once('exit', resolve); });
    started.kill('SIGTERM');
    await ended;
  }
  rmSync(home, { recursive: true, force: true });
});

function start(...more: string[]): Promise<Ready> {
  const child = spawn(process.execPath, [program, '--home', home, '--json', ...more]);
  started = child;
  let [stdout, stderr] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (stdout.endsWith('\n')) resolve(JSON.parse(stdout) as Ready);
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${stderr}`)));
  });
}

function ended(): Promise<number | null> {
  return new Promise((resolve) => { started?.once('exit', (code) => resolve(code)); });
}

const left = () => markedProcesses(belongsTo(home));

async function truth(ready: Ready) {
  return (await fetch(`${ready.controlUrl}/truth`, { headers: { 'x-sandbox-token': ready.controlToken } })).json() as Promise<{ server: { database: { thumbprint: string }; nodes: { running: boolean; presents: string }[] } }>;
}

describe('start', () => {
  test('makes a sandbox that answers, and SIGTERM leaves no process; a second start finds everything as it was', async () => {
    const first = await start('--estate', smallest);
    expect((await fetch(`${first.url}/api`)).status).toBe(200);
    expect(first.tentacles.map(({ name, state }) => [name, state])).toEqual([['octopus-01', 'on'], ['web-01', 'on']]);
    expect((await truth(first)).server).toMatchObject({ database: { thumbprint: first.serverThumbprint }, nodes: [{ running: true, presents: first.serverThumbprint }] });
    expect(left().length).toBeGreaterThanOrEqual(3);
    expect(statSync(join(home, 'sandbox.json')).mode & 0o777).toBe(0o600);

    const [tentacle] = first.tentacles;
    const database = openDatabase(join(home, 'machines', 'octopus-01'));
    const [certificate] = database.read().Collections.Certificates;
    const connection = await connectToTentacle({
      host: '127.0.0.1', port: Number(tentacle?.address.split(':')[1]), expectedThumbprint: tentacle?.thumbprint ?? '', timeoutMs: 5000,
      certificatePem: first.serverCertificate, keyPem: database.reveal(certificate?.PrivateKey ?? null),
    });
    expect(await connection.about()).toMatchObject({ version: '8.3.2' });
    await connection.close();

    const stopped = ended();
    started?.kill('SIGTERM');
    expect(await stopped).toBe(0);
    expect(left()).toEqual([]);

    const second = await start();
    expect({ ...second, serverCertificate: '' }).toEqual({ ...first, serverCertificate: '' });
    const end = ended();
    started?.stdin.end();
    expect(await end).toBe(0);
    expect(left()).toEqual([]);
  });

  test('leaves no process even when it is killed itself', async () => {
    await start('--estate', smallest);
    const gone = ended();
    started?.kill('SIGKILL');
    await gone;
    await vi.waitFor(() => expect(left()).toEqual([]), { timeout: 10_000 });
  });

  test('works in a home whose path is too long for a unix socket', async () => {
    const deep = join(home, 'x'.repeat(90), 'y'.repeat(40));
    const short = home;
    home = deep;
    try {
      const ready = await start('--estate', smallest);
      const { stdout } = spawnSync(ready.tentacles[1]?.shell ?? '', ['-c', 'systemctl is-active Tentacle'], { encoding: 'utf8' });
      expect(stdout).toBe('active\n');
      const stopped = ended();
      started?.kill('SIGTERM');
      await stopped;
    } finally {
      home = short;
    }
  });

  test.each([
    ['no JSON', 'hello', 'The estate is not JSON'],
    ['what the schema does not know', '{"name":"x","server":{"version":"2026.2.1","nodes":[]},"spaces":[],"machines":[],"extra":1}', 'must NOT have additional properties'],
    ['a node on a machine that is not there', '{"name":"x","server":{"version":"2026.2.1","nodes":[{"name":"N","machine":"m"}]},"spaces":[{"name":"D","environments":["E"]}],"machines":[]}', "machines that it does not have: m"],
  ])('refuses an estate with %s, and makes nothing', (_, text, message) => {
    const file = join(home, 'estate.json');
    writeFileSync(file, text);
    const { status, stderr } = spawnSync(process.execPath, [program, '--home', join(home, 'made'), '--estate', file], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    expect(existsSync(join(home, 'made'))).toBe(false);
  });
});

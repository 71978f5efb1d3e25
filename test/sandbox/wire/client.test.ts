import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { isRunning } from '../../../src/sandbox/machines/processes.ts';
import { connectToTentacle } from '../../../src/sandbox/wire/client.ts';
import type { ScriptRequest, ScriptStatus, TentacleConnection } from '../../../src/sandbox/wire/contract.ts';
import { freePort } from '../../../src/sandbox/machines/free-port.ts';
import { certificate, passive, runningAgent, type RunningAgent } from '../tentacle/agent.ts';

let server: Awaited<ReturnType<typeof certificate>>;
let own: Awaited<ReturnType<typeof certificate>>;
beforeAll(async () => { [server, own] = [await certificate('A'), await certificate('T')]; });

const running: RunningAgent[] = [];
const connections: TentacleConnection[] = [];
afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
  for (const { agent, root } of running.splice(0)) {
    await agent.stop();
    rmSync(root, { recursive: true, force: true });
  }
});

async function start(trusted = server.thumbprint, change: Parameters<typeof runningAgent>[1] = {}): Promise<RunningAgent> {
  const agent = await runningAgent([passive(trusted)], change);
  running.push(agent);
  return agent;
}

async function connected(port: number, change: Partial<Parameters<typeof connectToTentacle>[0]> = {}): Promise<TentacleConnection> {
  const connection = await connectToTentacle({ host: '127.0.0.1', port, keyPem: server.keyPem, certificatePem: server.certificatePem, expectedThumbprint: own.thumbprint, timeoutMs: 5000, ...change });
  connections.push(connection);
  return connection;
}

function script(ticket: string, bash: string, isolation: 'full' | 'none' = 'full'): ScriptRequest {
  return { ticket, taskId: `ServerTasks-${ticket}`, files: [{ path: 'sub/script.sh', base64: Buffer.from(bash).toString('base64') }], command: ['bash', 'sub/script.sh'], environment: { GIVEN: 'yes' }, isolation };
}

async function ended(connection: TentacleConnection, ticket: string): Promise<ScriptStatus> {
  return vi.waitFor(async () => {
    const status = await connection.getStatus(ticket, 0);
    expect(status.state).toBe('complete');
    return status;
  }, { timeout: 10_000, interval: 30 });
}

const texts = (status: ScriptStatus, source: string) => status.logs.filter((line) => line.source === source).map((line) => line.text);

describe('A server that speaks with a Tentacle', () => {
  test('runs a script in its own folder with the documented environment, and completing deletes the folder', async () => {
    const { port, root } = await start();
    const connection = await connected(port);
    await connection.startScript(script('t1', 'pwd; echo "$TentacleInstanceName $TentacleVersion $GIVEN"; echo "${PATH%%:*}"; printf "no newline" >&2; exit 7'));
    const status = await ended(connection, 't1');
    expect(status.exitCode).toBe(7);
    expect(texts(status, 'stdout')).toEqual([join(root, 'Work', 't1'), 'Tentacle 8.3.2 yes', join(root, 'bin')]);
    expect(texts(status, 'stderr')).toEqual(['no newline']);
    expect((await connection.getStatus('t1', status.nextSequence)).logs).toEqual([]);
    await connection.completeScript('t1');
    expect(existsSync(join(root, 'Work', 't1'))).toBe(false);
    expect((await connection.getStatus('t1', 0)).exitCode).toBe(-45);
  });

  test('says what it is', async () => {
    const { port } = await start();
    expect(await (await connected(port)).about()).toMatchObject({ version: '8.3.2', certificateSignatureAlgorithm: 'sha256RSA', shell: 'Bash' });
  });

  test('has full scripts wait for each other, and tells the waiting one whom it waits for', async () => {
    const { port, root } = await start();
    const connection = await connected(port);
    await connection.startScript(script('first', `until [ -e ${root}/go ] || [ ! -d ${root} ]; do sleep 0.02; done; echo one >> ${root}/order`));
    await connection.startScript(script('second', `echo two >> ${root}/order`));
    expect(await connection.getStatus('second', 0)).toMatchObject({ state: 'pending' });
    expect(texts(await connection.getStatus('second', 0), 'debug').join()).toContain('ServerTasks-first');
    await connection.startScript(script('third', `touch ${root}/go`, 'none'));
    expect((await connection.getStatus('third', 0)).state).toBe('pending');
    await connection.cancelScript('third');
    expect((await ended(connection, 'third')).exitCode).toBe(-43);
    writeFileSync(join(root, 'go'), '');
    await ended(connection, 'second');
    expect(readFileSync(join(root, 'order'), 'utf8')).toBe('one\ntwo\n');
  });

  test('lets scripts without isolation run beside each other', async () => {
    const { port, root } = await start();
    const connection = await connected(port);
    await connection.startScript(script('waits', `until [ -e ${root}/go ] || [ ! -d ${root} ]; do sleep 0.02; done`, 'none'));
    await connection.startScript(script('frees', `touch ${root}/go`, 'none'));
    expect((await ended(connection, 'waits')).exitCode).toBe(0);
  });

  test('cancels by killing the tree at once; only a double fork with setsid survives', async () => {
    const { port, root } = await start();
    const connection = await connected(port);
    await connection.startScript(script('long', `trap 'touch ${root}/trapped' TERM EXIT\n(setsid sleep 300 >/dev/null 2>&1 </dev/null & echo $! > ${root}/survivor)\nsleep 300 & echo $! > ${root}/child\nwait`));
    const pid = (name: string) => vi.waitFor(() => {
      const found = Number(readFileSync(join(root, name), 'utf8'));
      expect(found).toBeGreaterThan(0);
      return found;
    });
    const [child, survivor] = [await pid('child'), await pid('survivor')];
    await connection.cancelScript('long');
    try {
      expect((await ended(connection, 'long')).exitCode).toBe(-43);
      expect(isRunning(child)).toBe(false);
      expect(isRunning(survivor)).toBe(true);
      expect(existsSync(join(root, 'trapped'))).toBe(false);
    } finally {
      process.kill(survivor, 'SIGKILL');
    }
  });

  test('a program that is not there is a fatal error', async () => {
    const { port } = await start();
    const connection = await connected(port);
    await connection.startScript({ ...script('bad', ''), command: ['/no/such/program'] });
    expect((await ended(connection, 'bad')).exitCode).toBe(-41);
  });

  test('a restarted Tentacle knows the result of what had ended, not of what was running, and nothing of other tickets', async () => {
    const first = await start();
    const connection = await connected(first.port);
    await connection.startScript(script('done', 'echo out; exit 3'));
    await ended(connection, 'done');
    await connection.startScript(script('lost', `until [ -e ${first.root}/go ] || [ ! -d ${first.root} ]; do sleep 0.02; done`));
    await connection.close();
    await first.agent.stop();
    const second = await runningAgent([], { root: first.root });
    running.push(second);
    const again = await connected(second.port);
    expect(await again.getStatus('done', 0)).toMatchObject({ state: 'complete', exitCode: 3, logs: [{ text: 'out' }] });
    expect(await again.getStatus('lost', 0)).toMatchObject({ state: 'complete', exitCode: -46 });
    expect(await again.getStatus('other', 0)).toMatchObject({ state: 'complete', exitCode: -45 });
    writeFileSync(join(first.root, 'go'), '');
  });

  test('refuses a file outside the folder of the script', async () => {
    const { port } = await start();
    const connection = await connected(port);
    await expect(connection.startScript({ ...script('evil', ''), files: [{ path: '../../x', base64: '' }] })).rejects.toThrow('outside');
  });
});

describe('A server that cannot speak with a Tentacle learns why', () => {
  test('nobody listens', async () => {
    await expect(connected(await freePort())).rejects.toMatchObject({ name: 'TentacleUnreachable', reason: 'refused' });
  });

  test('it is not trusted; the Tentacle logs no Error', async () => {
    const { port, log } = await start('4E543E75D7692720A67C81810F096D85516400FF');
    await expect(connected(port)).rejects.toMatchObject({ reason: 'not-trusted' });
    expect(log()).not.toContain('ERROR');
  });

  test('the peer is another one, and nothing was sent', async () => {
    const { port, log } = await start();
    await expect(connected(port, { expectedThumbprint: own.thumbprint.toLowerCase() })).rejects.toMatchObject({ reason: 'wrong-peer' });
    expect(log()).not.toMatch(/authenticated|ERROR/);
  });

  test('the Tentacle drops connections', async () => {
    const { port } = await start(server.thumbprint, { dropConnections: () => true });
    await expect(connected(port)).rejects.toMatchObject({ reason: 'dropped' });
  });

  test('the port is silent', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => { silent.listen(0, '127.0.0.1', resolve); });
    await expect(connected((silent.address() as { port: number }).port, { timeoutMs: 200 })).rejects.toMatchObject({ reason: 'timeout' });
    silent.close();
  });
});

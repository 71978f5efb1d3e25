import { rmSync } from 'node:fs';
import type { Server } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { listenForTentacles } from '../../../src/sandbox/server/comms-listener.ts';
import { PollingQueues } from '../../../src/sandbox/server/polling-queues.ts';
import type { PollingLoop } from '../../../src/sandbox/tentacle/agent.ts';
import { pauseAfter } from '../../../src/sandbox/tentacle/polling-pause.ts';
import { nullRequest } from '../../../src/sandbox/wire/frames.ts';
import { freePort } from '../../../src/sandbox/machines/free-port.ts';
import { certificate, passive, runningAgent, type RunningAgent } from './agent.ts';
import { exchange } from './probe.ts';

const factor = 200;
const subscription = 'poll://abcdefghij0123456789/';
type Certificate = Awaited<ReturnType<typeof certificate>>;
let A: Certificate;
let B: Certificate;
let T: Certificate;
beforeAll(async () => { [A, B, T] = [await certificate('A'), await certificate('B'), await certificate('T')]; });

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

interface RunningServer { server: Server; queues: PollingQueues; log: string[]; pollers: () => number; end(): Promise<void> }

async function serve(port: number, presented: Certificate, registered = [T.thumbprint]): Promise<RunningServer> {
  const queues = new PollingQueues(factor);
  const log: string[] = [];
  const sockets = new Set<{ destroy(): void }>();
  let pollers = 0;
  const server = await listenForTentacles({
    port, certificate: presented, queues, log: { write: (level, text) => { log.push(`${level} ${text}`); } }, pauseFactor: factor,
    isRegistered: (thumbprint) => registered.includes(thumbprint),
    poller: (event) => { pollers += event === 'polling-connected' ? 1 : -1; },
  });
  server.on('connection', (socket) => sockets.add(socket));
  const end = async () => {
    const closed = new Promise((resolve) => { server.close(resolve); });
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  cleanups.push(() => (server.listening ? end() : undefined));
  return { server, queues, log, pollers: () => pollers, end };
}

const active = (port: number, thumbprint: string) => ({ ...passive(thumbprint), CommunicationStyle: 2, Address: `https://127.0.0.1:${port}`, SubscriptionId: subscription });

async function poll(entries: object[], change: Parameters<typeof runningAgent>[1] = {}): Promise<RunningAgent & { loops(): PollingLoop[] }> {
  let loops: PollingLoop[] = [];
  const agent = await runningAgent(entries, { noListen: true, pollingPauseFactor: factor, polling: (now) => { loops = now.map((loop) => ({ ...loop })); }, ...change });
  cleanups.push(async () => {
    await agent.agent.stop();
    rmSync(agent.root, { recursive: true, force: true });
  });
  return { ...agent, loops: () => loops };
}

const connected = (loops: () => PollingLoop[], wanted: boolean[]) => vi.waitFor(() => expect(loops().map((loop) => loop.connected)).toEqual(wanted), { timeout: 10_000, interval: 10 });

describe('The pauses of a polling loop', () => {
  test('grow as recorded, and never above two minutes', () => {
    const [pauses, connecting] = [[] as number[], 300];
    let failing = connecting;
    for (let time = 0; time < 7; time += 1) {
      pauses.push(Math.round(pauseAfter(failing) / 1000));
      failing += pauseAfter(failing) + connecting;
    }
    for (const [index, seen] of [5, 8, 18, 44, 105, 120, 120].entries()) expect(Math.abs((pauses[index] ?? 0) - seen) / seen).toBeLessThan(0.15);
  });
});

describe('A polling Tentacle', () => {
  test('is asked through the queue of its subscription, on one connection that stays up', async () => {
    const port = await freePort();
    const { queues, pollers, log } = await serve(port, A);
    const { loops } = await poll([active(port, A.thumbprint)]);
    const connection = await queues.connect(subscription);
    expect(await connection.about()).toMatchObject({ version: '8.3.2' });
    await connection.startScript({ ticket: 't1', taskId: 'ServerTasks-1', files: [], command: ['bash', '-c', 'echo "$TentacleInstanceName"; exit 3'], environment: {}, isolation: 'full' });
    await vi.waitFor(async () => expect(await connection.getStatus('t1', 0)).toMatchObject({ state: 'complete', exitCode: 3 }));
    expect((await connection.getStatus('t1', 0)).logs.map(({ text }) => text)).toEqual(['Tentacle']);
    await connection.close();
    await (await queues.connect(subscription.toUpperCase().replace(/\/$/, ''))).about();
    expect([pollers(), loops().map((loop) => loop.connected)]).toEqual([1, [true]]);
    expect(log.filter((line) => line.includes(`authenticated as ${T.thumbprint}`))).toHaveLength(1);
  });

  test('A1: with twins works on OLD until the swap, then on NEW by itself, within the scaled two minutes', async () => {
    const port = await freePort();
    const before = await serve(port, A);
    const tentacle = await poll([active(port, A.thumbprint), active(port, B.thumbprint)]);
    await connected(tentacle.loops, [true, false]);
    await vi.waitFor(() => expect(tentacle.log()).toContain(`We expected the server to present a certificate with the thumbprint '${B.thumbprint}'. Instead, it presented a certificate with a thumbprint of '${A.thumbprint}'`), { timeout: 5_000 });
    expect(tentacle.log()).toMatch(/ERROR {2}https:\/\/127\.0\.0\.1:\d+\/ +9 {2}Halibut client exception: .* Retrying in \d+\.\d seconds/);
    await vi.waitFor(() => expect(before.log.join()).toContain('ERROR Socket IO exception'), { timeout: 5_000 });
    await before.end();
    const after = await serve(port, B);
    const swapped = Date.now();
    expect(await (await after.queues.connect(subscription)).about()).toMatchObject({ version: '8.3.2' });
    await connected(tentacle.loops, [false, true]);
    expect(Date.now() - swapped).toBeLessThan(120_000 / factor + 2_000);
    await vi.waitFor(() => expect(tentacle.log()).toContain(`with the thumbprint '${A.thumbprint}'. Instead, it presented a certificate with a thumbprint of '${B.thumbprint}'`), { timeout: 5_000 });
  });

  test('A2: with a passive entry for NEW does not poll with it, and is lost after the swap', async () => {
    const port = await freePort();
    const { queues } = await serve(port, B);
    const { loops } = await poll([active(port, A.thumbprint), passive(B.thumbprint)]);
    expect(loops()).toMatchObject([{ thumbprint: A.thumbprint, connected: false }]);
    await expect(queues.connect(subscription)).rejects.toMatchObject({ reason: 'not-collected', message: expect.stringContaining('did not collect the request within the allowed time (00:02:00, here divided by 200)') });
  });

  test('A19: an entry in lower case is refused, though a listening Tentacle would take it', async () => {
    const port = await freePort();
    const { queues } = await serve(port, A);
    const tentacle = await poll([active(port, A.thumbprint.toLowerCase())]);
    await expect(queues.connect(subscription)).rejects.toMatchObject({ reason: 'not-collected' });
    expect(tentacle.log()).toContain(`We expected the server to present a certificate with the thumbprint '${A.thumbprint.toLowerCase()}'. Instead, it presented a certificate with a thumbprint of '${A.thumbprint}' and subject 'CN=`);
  });

  test('polls twice with two equal entries, harmlessly', async () => {
    const port = await freePort();
    const { queues, pollers } = await serve(port, A);
    const { loops } = await poll([active(port, A.thumbprint), active(port, A.thumbprint)]);
    await connected(loops, [true, true]);
    await vi.waitFor(() => expect(pollers()).toBe(2));
    expect(await Promise.all([1, 2, 3].map(async () => (await (await queues.connect(subscription)).about()).version))).toEqual(['8.3.2', '8.3.2', '8.3.2']);
  });

  test('also listens when it is told to, and its polling entries count there', async () => {
    const port = await freePort();
    await serve(port, A);
    const tentacle = await poll([active(port, A.thumbprint)], { noListen: false });
    await connected(tentacle.loops, [true]);
    expect((await exchange({ port: tentacle.port, certificate: A })).received).toBe('MX-SERVER 1.0\r\n\r\n');
    expect((await exchange({ port: tentacle.port, certificate: B })).received).toBe('');
  });

  test('reads its entries once: what is written afterwards changes nothing', async () => {
    const port = await freePort();
    const { queues } = await serve(port, B);
    const tentacle = await poll([active(port, A.thumbprint)]);
    tentacle.configuration.trustedServers = [active(port, B.thumbprint)];
    await expect(queues.connect(subscription)).rejects.toMatchObject({ reason: 'not-collected' });
    await tentacle.agent.stop();
    await poll([], { root: tentacle.root });
    await expect(queues.connect(subscription)).resolves.toBeDefined();
  });

  test('does not start with a web socket address, as every build but the one for .NET Framework', async () => {
    await expect(poll([{ ...active(1, A.thumbprint), Address: 'wss://octopus.example/OctopusComms' }])).rejects.toThrow('cannot act as the client in a WebSocket polling setup');
  });
});

describe('The communications port of a server', () => {
  test('closes without a byte on a certificate that is not registered, and the Tentacle says so', async () => {
    const port = await freePort();
    const { pollers } = await serve(port, A, []);
    const tentacle = await poll([active(port, A.thumbprint)]);
    await vi.waitFor(() => expect(tentacle.log()).toMatch(/Halibut client exception: .*Retrying in/));
    expect([pollers(), tentacle.loops()[0]?.connected]).toEqual([0, false]);
    expect(await exchange({ port, certificate: B })).toEqual({ received: '', ending: 'end' });
    expect(await exchange({ port, send: 'MX\r\n\r\n' })).toEqual({ received: '', ending: 'end' });
  });

  test('identifies itself to whoever is registered, in the bytes that Halibut uses', async () => {
    const port = await freePort();
    await serve(port, A, [B.thumbprint]);
    expect((await exchange({ port, certificate: B, send: `MX\r\n\r\nMX-SUBSCRIBER 1.0 ${subscription}\r\n\r\n`, then: nullRequest })).received).toBe('MX-SERVER 1.0\r\n\r\n');
    expect((await exchange({ port, send: 'GET / HTTP/1.0\r\n\r\n' })).received).toContain('Octopus Server configured successfully');
  });

  test('fails a request whose poller is lost before it answered, and a cancelled one at once', async () => {
    const queues = new PollingQueues(1);
    const stop = new AbortController();
    const waiting = queues.connect(subscription, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ reason: 'not-collected' });

    const port = await freePort();
    const server = await serve(port, A);
    const { loops } = await poll([active(port, A.thumbprint)]);
    await connected(loops, [true]);
    const connection = await server.queues.connect(subscription);
    const asked = connection.startScript({ ticket: 'x', taskId: 'ServerTasks-1', files: [{ path: 'big', base64: Buffer.alloc(30_000_000).toString('base64') }], command: ['true'], environment: {}, isolation: 'none' });
    setImmediate(() => void server.end());
    await expect(asked).rejects.toMatchObject({ reason: 'dropped' });
  });
});

import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { type Database } from '../../../src/sandbox/server/database/database.ts';
import { thumbprintOf } from '../../../src/sandbox/server/certificate.ts';
import { addTask } from '../../../src/sandbox/server/tasks/queue.ts';
import { ServerHarness, type Json } from './harness.ts';

const made: ServerHarness[] = [];
async function create(): Promise<ServerHarness> {
  const server = await ServerHarness.create();
  made.push(server);
  return server;
}
afterEach(async () => {
  for (const server of made.splice(0)) await server.dispose();
});

/** What the communications port says to `text`, and whose certificate it shows. */
function converse(port: number, text: string): Promise<{ thumbprint: string; answer: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    let [thumbprint, answer] = ['', ''];
    socket.once('secureConnect', () => {
      thumbprint = thumbprintOf(socket.getPeerCertificate().raw);
      if (text === '') socket.end();
      else socket.write(text);
    });
    socket.on('data', (chunk) => { answer += chunk; });
    socket.once('error', reject);
    socket.once('close', () => resolve({ thumbprint, answer }));
  });
}

function executingTask(server: ServerHarness, state: 'Executing' | 'Cancelling'): string {
  return server.database.write((content) => {
    const task = addTask(content, { Name: 'Health', Description: 'Check', SpaceId: 'Spaces-1', Arguments: {}, CreatedBy: 'admin' });
    Object.assign(task, { State: state, ServerNode: 'NODE1', StartTime: new Date().toISOString() });
    return task.Id;
  });
}

describe('the server process', () => {
  it('presents the certificate that it read at its start, until it is restarted after an import', async () => {
    const server = await create();
    await server.start();
    const { commsPort, thumbprint } = server.server;
    expect((await converse(commsPort, '')).thumbprint).toBe(thumbprint);
    const file = `${server.home}/new.pfx`;
    await server.run(['new-certificate', `--export-pfx=${file}`, '--pfx-password=secret']);
    expect((await server.run(['import-certificate', '-f', file, '--pw', 'secret'])).code).toBe(0);
    const shown = (await server.get('/api/configuration/certificates/certificate-global')).body.Thumbprint;
    expect(shown).not.toBe(thumbprint);
    expect((await converse(commsPort, '')).thumbprint).toBe(thumbprint);
    await server.end();
    await server.start();
    expect((await converse(commsPort, '')).thumbprint).toBe(shown);
    expect(server.truth().map(({ event }) => event)).toEqual(['server-started', 'certificate-imported', 'server-stopped', 'server-started']);
  });

  it('answers text with the page, and a Halibut greeting with nothing', async () => {
    const server = await create();
    await server.start();
    expect((await converse(server.server.commsPort, 'GET / HTTP/1.0\r\n\r\n')).answer).toContain('<h1>Octopus Server configured successfully</h1>');
    expect((await converse(server.server.commsPort, 'MX\r\n\r\n')).answer).toBe('');
  });

  it('ends in order on SIGTERM with exit code 0 and frees its ports', async () => {
    const server = await create();
    await server.start();
    expect(await server.end('SIGTERM')).toBe(0);
    await expect(fetch(`${server.server.url}/api`)).rejects.toThrow();
    await server.start();
  });

  it('marks what was executing when it was killed as Failed, and what was being cancelled as Canceled', async () => {
    const server = await create();
    await server.start();
    await server.end('SIGKILL');
    const [executing, cancelling] = [executingTask(server, 'Executing'), executingTask(server, 'Cancelling')];
    await server.start();
    expect((await server.get(`/api/tasks/${executing}`)).body).toMatchObject({ State: 'Failed', IsCompleted: true });
    expect((await server.get(`/api/tasks/${cancelling}`)).body.State).toBe('Canceled');
    expect((await server.get(`/api/tasks/${executing}/details`)).body.ActivityLogs[0]).toMatchObject({ Status: 'Failed' });
  });

  it('marks it Canceled when the switch says so', async () => {
    const server = await create();
    const executing = executingTask(server, 'Executing');
    server.faults({ restartMarks: 'Canceled' });
    await server.start();
    expect((await server.get(`/api/tasks/${executing}`)).body.State).toBe('Canceled');
  });

  it('does not come back, or hangs at 503, when told to', async () => {
    const server = await create();
    server.faults({ serverStart: 'fails' });
    expect((await server.run(['run'])).code).toBe(100);
    server.faults({ serverStart: 'hangs' });
    server.spawn();
    const status = () => fetch(`${server.server.url}/api`).then((response) => response.status, () => 0);
    await expect.poll(status, { timeout: 10_000 }).toBe(503);
    await expect.poll(() => server.truth().some(({ event }) => event === 'server-started')).toBe(true);
    expect(await status()).toBe(503);
  });

  it('does not start under another master key', async () => {
    const server = await create();
    const foreign = await create();
    const { copyFileSync } = await import('node:fs');
    copyFileSync(foreign.database.path, server.database.path);
    const { code, stderr } = await server.run(['run']);
    expect(code).toBe(100);
    expect(stderr).toContain('Padding is invalid and cannot be removed');
  });
});

describe('faults', () => {
  it('strike as often and where they are told to', async () => {
    const server = await create();
    await server.start();
    server.faults({ unavailable: { count: 2, match: '/users/' }, tooManyRequests: { count: 1, match: '/spaces', retryAfter: 3 } });
    const statuses = [];
    for (let index = 0; index < 3; index += 1) statuses.push((await server.get('/api/users/me')).status);
    expect(statuses).toEqual([503, 503, 200]);
    const limited = await server.get('/api/spaces');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '3']);
    expect((await server.get('/api/spaces')).status).toBe(200);
    server.faults({ tooManyRequests: { count: 1 } });
    expect((await server.get('/api/spaces')).headers.get('retry-after')).toBeNull();
    server.faults({ html: { match: '/spaces' } });
    const html = await server.get('/api/spaces');
    expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  });

  it('drop a connection before or after the request was processed', async () => {
    const server = await create();
    await server.start();
    const create1 = (name: string) => server.call('POST', '/api/Spaces-1/libraryvariablesets', { Name: name });
    server.faults({ dropConnections: { count: 1, match: 'libraryvariablesets' } });
    await expect(create1('Before')).rejects.toThrow();
    server.faults({ dropConnections: { count: 1, match: 'libraryvariablesets', after: true } });
    await expect(create1('After')).rejects.toThrow();
    server.faults({});
    expect((await server.get('/api/Spaces-1/libraryvariablesets/all')).body.map((set: Json) => set.Name)).toEqual(['After']);
  });
});

describe('the database', () => {
  it('keeps every write that was acknowledged when the server is killed in the middle of others', async () => {
    const server = await create();
    await server.start();
    const acknowledged: string[] = [];
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let index = 0; index < 200; index += 1) {
        const name = `Set ${writer}-${index}`;
        const answer = await server.call('POST', '/api/Spaces-1/libraryvariablesets', { Name: name }).catch(() => null);
        if (answer?.status !== 201) return;
        acknowledged.push(name);
        if (acknowledged.length === 60) await server.end('SIGKILL');
      }
    });
    await Promise.all(writers);
    await server.start();
    const found = (await server.get('/api/Spaces-1/libraryvariablesets/all')).body.map((set: Json) => set.Name);
    expect(acknowledged.length).toBeGreaterThanOrEqual(60);
    expect(acknowledged.length).toBeLessThan(1600);
    expect(found).toEqual(expect.arrayContaining(acknowledged));
    expect((await server.call('POST', '/api/Spaces-1/libraryvariablesets', { Name: 'Afterwards' })).status).toBe(201);
  });

  it('lets server and executable write at the same time without losing anything', async () => {
    const server = await create();
    await server.start();
    const writes = Array.from({ length: 20 }, (_, index) => server.call('POST', '/api/Spaces-1/libraryvariablesets', { Name: `Set ${index}` }));
    const commands = Array.from({ length: 3 }, (_, index) => server.run(['node', `--taskCap=${index + 6}`]));
    await Promise.all([...writes, ...commands]);
    expect((await server.get('/api/Spaces-1/libraryvariablesets/all')).body).toHaveLength(20);
    expect((await server.get('/api/octopusservernodes/all')).body[0].MaxConcurrentTasks).toBeGreaterThan(5);
  });

  it('breaks the lock of a process that was killed, and undoes a change that throws', async () => {
    const server = await create();
    const { writeFileSync } = await import('node:fs');
    const database: Database = server.database;
    writeFileSync(`${database.path}.lock`, '999999 1');
    expect(() => database.write((content) => {
      content.Collections.Spaces.length = 0;
      throw new Error('no');
    })).toThrow('no');
    expect(database.read().Collections.Spaces).toHaveLength(2);
  });
});

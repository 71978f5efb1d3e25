import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { clientOf, failureOf, fastClock, httpOf, KEY, serve } from './server.ts';

const ABOUT = { Version: '2026.2.1000', InstallationId: '7b5e0000-0000-4000-8000-000000000001' };

describe('requests to Octopus', () => {
  it('carry the key in its header alone, and no proxy is asked', async () => {
    const server = await serve(() => ({ json: ABOUT }));
    await clientOf(server.url).about();
    expect(server.seen[0]?.headers['x-octopus-apikey']).toBe(KEY);
    expect(server.seen[0]?.headers.connection).toBe('close');
    expect(`${server.seen[0]?.path}?${server.seen[0]?.query.toString()}`).not.toContain(KEY);
  });

  it('keep a virtual directory in front of /api', async () => {
    const server = await serve(() => ({ json: ABOUT }));
    await clientOf(`${server.url}/octopus/`).about();
    expect(server.seen[0]?.path).toBe('/octopus/api');
  });

  it.each(['ftp://octopus', 'octopus.example.com', 'https://me:secret@octopus', 'https://octopus/?apikey=API-SECRET'])('refuse the address %s without repeating what may be secret in it', async (url) => {
    const error = await failureOf(Promise.resolve().then(() => clientOf(url)));
    expect(error.code).toBe('OCTOPUS_ADDRESS');
    expect(error.message).not.toMatch(/secret|API-SECRET/i);
  });

  it.each([
    [401, 'OCTOPUS_UNAUTHORISED'], [403, 'OCTOPUS_FORBIDDEN'], [404, 'OCTOPUS_NOT_FOUND'], [400, 'OCTOPUS_REJECTED'], [405, 'OCTOPUS_REJECTED'], [418, 'OCTOPUS_REJECTED'],
  ])('turn status %i into %s, with what the server said as fields', async (status, code) => {
    const server = await serve(() => ({ status, json: { ErrorMessage: 'No.', Errors: ['Please provide a name.'] } }));
    const error = await failureOf(clientOf(server.url).about());
    expect(error).toMatchObject({ code, status, errorMessage: 'No.', errors: ['Please provide a name.'] });
    expect(error.message).toContain('No. Please provide a name.');
    expect(server.seen).toHaveLength(1);
  });

  it('name the permission that is missing', async () => {
    const server = await serve(() => ({ status: 403, json: { ErrorMessage: 'You do not have permission to perform this action. Missing permission: AdministerSystem' } }));
    expect((await failureOf(clientOf(server.url).about())).next).toContain('AdministerSystem');
  });

  it('never show the key, even when the server repeats it', async () => {
    const server = await serve(() => ({ status: 400, json: { ErrorMessage: `Bad key ${KEY}`, Errors: [KEY] } }));
    const error = await failureOf(clientOf(server.url).about());
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(KEY);
  });

  it('never show the key when there is no connection', async () => {
    const server = await serve(() => ({}));
    await server.close();
    const error = await failureOf(clientOf(server.url).about());
    expect(error.code).toBe('OCTOPUS_UNREACHABLE');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(KEY);
  });

  it.each([[200, 'OCTOPUS_NOT_JSON'], [404, 'OCTOPUS_NOT_JSON'], [503, 'OCTOPUS_STARTING'], [502, 'OCTOPUS_UNREACHABLE']])('judge an HTML page with status %i as %s', async (status, code) => {
    const server = await serve(() => ({ status, text: '<!DOCTYPE html><title>Octopus Deploy</title>' }));
    const error = await failureOf(clientOf(server.url).about());
    expect(error.code).toBe(code);
    if (code === 'OCTOPUS_NOT_JSON') expect(error.message).toContain('text/html');
  });

  it('do not follow a redirection, since the key would go with it', async () => {
    const other = await serve(() => ({ json: ABOUT }));
    const server = await serve(() => ({ status: 302, headers: { Location: `${other.url}/login` } }));
    expect((await failureOf(clientOf(server.url).about())).code).toBe('OCTOPUS_REDIRECTED');
    expect(other.seen).toHaveLength(0);
  });

  it('refuse an answer of another shape, naming the place', async () => {
    const server = await serve(() => ({ json: { Version: 2026 } }));
    const error = await failureOf(clientOf(server.url).about());
    expect(error.code).toBe('OCTOPUS_UNEXPECTED');
    expect(error.message).toContain('the answer.Version should be a text that is not empty but is a number');
  });

  it('refuse an answer that is too large instead of reading it', async () => {
    const server = await serve(() => ({ text: 'x'.repeat(65 * 1024 * 1024) }));
    expect((await failureOf(clientOf(server.url).about())).code).toBe('OCTOPUS_TOO_LARGE');
  });

  it('give up on a server that accepts and never answers', async () => {
    const server = await serve(() => ({ hang: true }));
    const error = await failureOf(clientOf(server.url, fastClock(), 20_000).about());
    expect(error.code).toBe('OCTOPUS_UNREACHABLE');
    expect(error.message).toContain('no answer within');
  });
});

describe('repeating a request', () => {
  it.each([[500], [502], [503], [504], [408], [429]])('reads again after %i until it works', async (status) => {
    const server = await serve((_, number) => (number < 3 ? { status, json: { ErrorMessage: 'later' } } : { json: ABOUT }));
    await expect(clientOf(server.url).about()).resolves.toMatchObject({ version: '2026.2.1000' });
    expect(server.seen).toHaveLength(3);
  });

  it('reads again after a broken connection', async () => {
    const server = await serve((_, number) => (number === 1 ? { reset: true } : { json: ABOUT }));
    await expect(clientOf(server.url).about()).resolves.toMatchObject({ version: '2026.2.1000' });
  });

  it('D9: waits as long as Retry-After says, and no hint is taken from odd ones', async () => {
    for (const [header, waited] of [['7', 7_000], ['soon', 500], ['-1', 500], ['1.5', 500], ['99999', 500]] as const) {
      const clock = fastClock();
      const server = await serve((_, number) => (number === 1 ? { status: 429, json: {}, headers: { 'Retry-After': header } } : { json: ABOUT }));
      await clientOf(server.url, clock).about();
      expect([header, clock.slept]).toEqual([header, [waited]]);
    }
  });

  it('D10: a POST is sent again on 429, and on nothing else', async () => {
    const task = { Id: 'ServerTasks-1', Name: 'Health', State: 'Queued', IsCompleted: false };
    const script = { description: 'x', syntax: 'Bash', body: 'echo', spaceId: 'Spaces-1', targets: { kind: 'target', ids: ['Machines-1'] } } as const;
    const limited = await serve((_, number) => (number === 1 ? { status: 429, json: {} } : { status: 201, json: task }));
    await clientOf(limited.url).runScript({ ...script, targets: { kind: 'target', ids: ['Machines-1'] } });
    expect(limited.seen).toHaveLength(2);
    for (const answer of [{ status: 500, json: {} }, { status: 503, json: {} }, { reset: true }]) {
      const server = await serve(() => answer);
      const error = await failureOf(clientOf(server.url).runScript({ ...script, targets: { kind: 'target', ids: ['Machines-1'] } }));
      expect(server.seen).toHaveLength(1);
      if ('reset' in answer) expect(error.safe).toContain('not known');
    }
  });

  it('D11: a filter that is empty would select everything, so it cannot be sent', async () => {
    const server = await serve(() => ({ json: {} }));
    await expect(httpOf(server.url).get('/api/tasks', (value) => value, { query: { ids: [] as unknown as [string] } })).rejects.toThrow(TypeError);
    expect(server.seen).toHaveLength(0);
  });

  it('at most four requests are under way at once', async () => {
    let now = 0;
    let most = 0;
    const server = await serve(async () => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 15));
      now -= 1;
      return { json: ABOUT };
    });
    const client = clientOf(server.url);
    await Promise.all(Array.from({ length: 12 }, () => client.about()));
    expect(most).toBe(4);
  });
});

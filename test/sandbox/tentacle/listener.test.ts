import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { certificate, passive, runningAgent, type RunningAgent } from './agent.ts';
import { exchange } from './probe.ts';

let tentacle: RunningAgent;
let trusted: Awaited<ReturnType<typeof certificate>>;
let stranger: Awaited<ReturnType<typeof certificate>>;

beforeAll(async () => {
  [trusted, stranger] = [await certificate('A'), await certificate('B')];
  tentacle = await runningAgent([passive(trusted.thumbprint)], { env: { PATH: process.env.PATH, OCTOPUS__TENTACLE__LOGLEVEL: 'Trace' } });
});
afterAll(async () => {
  await tentacle.agent.stop();
  rmSync(tentacle.root, { recursive: true, force: true });
});

/** What the exchange added to the log. */
async function logged(act: () => Promise<unknown>, expected: RegExp): Promise<string> {
  const before = tentacle.log().length;
  await act();
  return vi.waitFor(() => {
    const added = tentacle.log().slice(before);
    expect(added).toMatch(expected);
    return added;
  });
}

describe('The listener of an embedded Tentacle', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('answers a trusted server on %s, and the null request ends without an Error', async (maxVersion) => {
    const added = await logged(async () => {
      expect(await exchange({ port: tentacle.port, certificate: trusted, maxVersion })).toEqual({ received: 'MX-SERVER 1.0\r\n\r\n', ending: 'end' });
    }, /authenticated as/);
    expect(added).toMatch(/INFO {2}listen:\/\/\[::\]:\d+\/ +\d+ {2}Accepted TCP client: /);
    expect(added).toContain(`authenticated as ${trusted.thumbprint}`);
    expect(added).not.toContain('ERROR');
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('closes without a byte on a stranger and on no certificate on %s', async (maxVersion) => {
    const added = await logged(async () => {
      expect(await exchange({ port: tentacle.port, certificate: stranger, maxVersion, send: 'MX\n\n' })).toEqual({ received: '', ending: 'end' });
      expect(await exchange({ port: tentacle.port, maxVersion, send: 'MX\r\n\r\n' })).toEqual({ received: '', ending: 'end' });
    }, /did not present a client certificate/);
    expect(added).toContain(`DEBUG  listen`);
    expect(added).toContain(`the thumbprint '${stranger.thumbprint}' which is not in the list of thumbprints that we trust`);
    expect(added).not.toContain('ERROR');
  });

  test('greets anybody who speaks HTTP, which says nothing about trust', async () => {
    const { received } = await exchange({ port: tentacle.port, send: 'GET / HTTP/1.0\r\n\r\n' });
    expect(received).toMatch(/^HTTP\/1\.0 200 OK\r\n/);
    expect(received).toContain('<h1>Octopus Tentacle configured successfully</h1>');
  });

  test('takes LF after MX but wants CRLF in the identity', async () => {
    await logged(async () => {
      expect((await exchange({ port: tentacle.port, certificate: trusted, send: 'MX\n\nMX-CLIENT 1.0\r\n\r\n' })).received).toBe('MX-SERVER 1.0\r\n\r\n');
      expect(await exchange({ port: tentacle.port, certificate: trusted, send: 'MX\n\nMX-CLIENT 1.0\n\n', timeoutMs: 300 })).toEqual({ received: '', ending: 'timeout' });
    }, /ERROR/);
  });

  test('only traces a connection that says nothing and ends in order', async () => {
    const added = await logged(() => exchange({ port: tentacle.port, send: '', then: 'end' }), /TRACE/);
    expect(added).toContain('Ignoring empty request');
    expect(added).not.toContain('ERROR');
  });

  test.each([['END', Buffer.from('END\r\n')], ['nothing', 'end' as const], ['a destroyed socket', 'destroy' as const]])('logs an Error when a trusted exchange ends with %s', async (_, then) => {
    expect(await logged(() => exchange({ port: tentacle.port, certificate: trusted, then }), /ERROR/)).toContain('Unhandled error when handling request from client: ');
  });
});

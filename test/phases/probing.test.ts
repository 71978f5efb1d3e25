import { createServer, type Server } from 'node:tls';
import { type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { parseThumbprint } from '../../src/certificates/thumbprint.ts';
import type { PhaseContext } from '../../src/phases/context.ts';
import { acceptsFreshOnly, waitUntil } from '../../src/phases/looking.ts';
import { observeTrust } from '../../src/phases/probing.ts';
import type { Rotation } from '../../src/phases/rotation.ts';
import { systemClock } from '../../src/runners/ports/clock.ts';
import { createNetwork } from '../../src/runners/ports/network.ts';
import { generateCertificate } from '../../src/sandbox/server/certificate.ts';
import { plannedMachine } from '../support/estate-pieces.ts';

const own = generateCertificate('Octopus Tentacle');
const [OLD, NEW] = [generateCertificate('old'), generateCertificate('new')];
const identities = { old: OLD, fresh: NEW };
const context = { clock: systemClock, network: createNetwork(), voice: { progress: () => undefined } } as unknown as PhaseContext;

let server: Server;
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** A listener that answers a trusted client, and closes for others without a byte; `trusts` is asked at each hello. */
async function listener(trusts: (client: 'old' | 'new') => boolean) {
  server = createServer({ key: own.keyPem, cert: own.certificatePem, requestCert: true, rejectUnauthorized: false }, (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      const client = socket.getPeerCertificate().fingerprint?.replaceAll(':', '') === OLD.thumbprint ? 'old' : 'new';
      if (trusts(client)) socket.write('MX-SERVER 1.0\r\n\r\n');
      else socket.end();
    });
    socket.on('data', (bytes) => { if (bytes.includes(0xe3)) socket.end(); });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return plannedMachine({ address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port }, own: parseThumbprint(own.thumbprint) });
}

test('a service that stops while OLD is asked is not taken for one that refuses OLD', async () => {
  let stopping = true;
  const machine = await listener((client) => {
    if (client === 'new' || !stopping) return true;
    stopping = false;
    return false;
  });
  const [look] = await observeTrust(context, [machine], identities);
  expect(look!.probes).toMatchObject({ fresh: { verdict: 'trusted' }, old: { verdict: 'trusted' } });
});

test('the wait for OLD to be refused ends with a service that refuses it, not with one that stops', async () => {
  let asked = 0;
  const machine = await listener((client) => client === 'new' || (asked++ > 0 && asked < 4));
  const retired = await waitUntil(context, { identities: async () => identities } as unknown as Rotation, { machines: [machine], total: 1, state: 'told' }, { wished: acceptsFreshOnly, timeoutMs: 10_000, label: 'test', isOver: () => false });
  expect(retired.size).toBe(1);
  expect(asked).toBeGreaterThanOrEqual(5);
});

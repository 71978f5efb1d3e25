import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { freePort } from '../../../src/sandbox/machines/free-port.ts';

test('a port of the sandbox is none that the system gives to an outgoing connection, none twice, and none that somebody listens on', async () => {
  const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)[0]);
  const one = await freePort();
  const taken = createServer();
  await new Promise<void>((resolve) => { taken.listen(one + 1, '127.0.0.1', resolve); });
  try {
    const ports = [one];
    while (ports.length < 50) ports.push(await freePort());
    expect(new Set(ports).size).toBe(50);
    expect(Math.max(...ports)).toBeLessThan(first);
    expect(ports).not.toContain((taken.address() as AddressInfo).port);
  } finally {
    await new Promise((resolve) => { taken.close(resolve); });
  }
});

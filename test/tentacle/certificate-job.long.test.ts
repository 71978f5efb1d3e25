import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCertificateResults } from '../../src/tentacle/certificate-result.ts';
import { certificateScript } from '../../src/tentacle/certificate-script.ts';
import type { CertificateResult, CertificateScript } from '../../src/tentacle/contract.ts';
import type { Thumbprint } from '../../src/certificates/thumbprint.ts';
import { TestSandbox } from '../sandbox/supervisor/sandbox.ts';

const ROTATION = 'tc-20261124-a1b2c3';
type Options = Partial<Parameters<CertificateScript>[0]>;

/** The job under the service manager of the sandbox, which kills all that a unit started and refuses what it does not know. */
describe("the job about a certificate, under the sandbox's service manager", { timeout: 240_000 }, () => {
  let sandbox: TestSandbox;
  beforeAll(async () => { sandbox = await TestSandbox.start([{ name: 'one' }]); }, 60_000);
  afterAll(() => sandbox.end());

  const run = async (operation: Parameters<CertificateScript>[0]['operation'], options: Options = {}): Promise<CertificateResult> => {
    const ran = await sandbox.on('one', certificateScript({ rotationId: ROTATION, fence: 1, operation, place: 'host', fireDelaySeconds: 0, confirmSeconds: 600, watchSeconds: 60, idleLimitSeconds: 30, ...options }));
    const { results } = parseCertificateResults(ran.stdout, ROTATION);
    if (results.length !== 1) throw new Error(`no single result: ${JSON.stringify(ran)}`);
    return results[0]!;
  };
  const note = (): string => {
    const file = join(sandbox.machine('one').dir, 'tentacle', 'OctopusRotation', 'certificate', 'state');
    return existsSync(file) ? /^state=(.*)$/m.exec(readFileSync(file, 'utf8'))![1]! : '';
  };
  const noted = (state: string): Promise<void> => expect.poll(note, { timeout: 90_000, interval: 100 }).toBe(state);

  it('B1: outlives restarts of the Tentacle and of the machine, and reverts; disarmed it leaves NEW', async () => {
    await sandbox.running('one');
    const first = await run('stage');
    expect(first).toMatchObject({ outcome: 'changed', state: 'staged', wayBack: 'kept' });
    expect(await run('arm', { thumbprint: first.new!, confirmSeconds: 15 })).toMatchObject({ outcome: 'changed', job: 'runs' });
    await noted('switched');
    await sandbox.call('POST', '/machines/one/reboot');
    await noted('reverted');
    await expect.poll(async () => (await run('look')).job, { timeout: 60_000 }).toBe('none');
    expect(await run('look')).toMatchObject({ own: first.old, inForce: first.old, state: 'reverted', why: 'not-confirmed' });
    await sandbox.running('one');

    const second = await run('stage');
    await run('arm', { thumbprint: second.new! });
    await noted('switched');
    await expect.poll(async () => (await run('look')).inForce, { timeout: 60_000 }).toBe(second.new);
    expect(await run('disarm', { thumbprint: second.new as Thumbprint })).toMatchObject({ outcome: 'changed', state: 'disarmed', job: 'none', own: second.new, inForce: second.new });
  });
});

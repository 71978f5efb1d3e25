import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readPeer } from '../../../src/tentacle/trust-probe.ts';
import { createNetwork } from '../../../src/runners/ports/network.ts';
import type { Thumbprint } from '../../../src/certificates/thumbprint.ts';
import { passive } from '../../tentacle/fakes/machine.ts';
import { embedded, Rig, shells, until, type Subject } from './rig.ts';
import { ofEachSubject } from './subjects.ts';

const SERVER = 'A'.repeat(40);
let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

ofEachSubject(suite);

function suite(subject: Subject): void {
  describe.each(shells)(`The certificate of ${subject.name}, by %s`, (shell) => {
    const started = async (): Promise<Rig> => {
      rig = await Rig.create(subject, [passive(SERVER)], shell);
      await rig.start();
      return rig;
    };
    const shown = async (one: Rig): Promise<string> => (await readPeer(createNetwork(), { host: '127.0.0.1', port: one.port })).thumbprint;
    const kept = (one: Rig) => ({ certificate: one.value('Tentacle.Certificate'), thumbprint: one.value('Tentacle.CertificateThumbprint'), trusted: one.list, store: store(one, one.value('Tentacle.CertificateThumbprint')) });
    const store = (one: Rig, thumbprint: string): string => {
      const file = join(one.dir, '.dotnet', 'corefx', 'cryptography', 'x509stores', 'my', `${thumbprint}.pfx`);
      return existsSync(file) ? readFileSync(file).toString('base64') : '';
    };
    const staged = async (one: Rig): Promise<Thumbprint> => {
      const result = await one.certificate('stage');
      expect(result).toMatchObject({ outcome: 'changed', reason: null, state: 'staged', wayBack: 'kept' });
      return result.new!;
    };

    test('B1: tells NEW before it is used, and the same one again; the way back is tried, nothing is changed, no secret is left readable', async () => {
      const one = await started();
      const before = one.read('machines/one/Tentacle.config');
      const observed = await one.certificate('observe');
      expect(observed).toMatchObject({ outcome: 'unchanged', state: 'none', job: 'none', wayBack: 'none', pending: 'none', old: null, new: null, trusted: [{ thumbprint: SERVER }] });
      expect(observed.inForce).toBe(await shown(one));
      expect(observed.freeKilobytes).toBeGreaterThan(0);
      expect(Math.abs(observed.clock - Date.now() / 1000)).toBeLessThan(300);
      const first = await one.certificate('stage');
      expect(first).toMatchObject({ own: observed.own, old: observed.own, outcome: 'changed', signature: 'strong' });
      expect(first.new).not.toBe(first.old);
      expect(await one.certificate('stage')).toMatchObject({ outcome: 'unchanged', new: first.new });
      expect(one.read('machines/one/Tentacle.config')).toBe(before);
      const folder = join(one.home, 'OctopusRotation', 'certificate');
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      if (shell === 'Bash') for (const name of readdirSync(folder)) expect([name, statSync(join(folder, name)).mode & 0o077]).toEqual([name, 0]);
      expect(readdirSync(folder).filter((name) => /pfx|aside/.test(name))).toEqual([]);
    });

    test('B1: switches, stays once disarmed, and leaves neither a job nor what was staged', async () => {
      const one = await started();
      const trusted = one.list;
      const fresh = await staged(one);
      expect(await one.certificate('arm', { thumbprint: fresh })).toMatchObject({ outcome: 'changed', job: 'runs' });
      await one.noted('switched');
      await until('NEW is in force', () => one.listening());
      await expect.poll(() => shown(one).catch(() => ''), { timeout: 60_000 }).toBe(fresh);
      expect(await one.certificate('look')).toMatchObject({ own: fresh, inForce: fresh, state: 'switched', job: 'runs', wayBack: 'kept' });
      expect(await one.certificate('disarm', { thumbprint: fresh })).toMatchObject({ outcome: 'changed', state: 'disarmed', job: 'none', own: fresh, inForce: fresh, wayBack: 'none' });
      expect(await one.certificate('disarm', { thumbprint: fresh })).toMatchObject({ outcome: 'unchanged' });
      expect(one.jobUnits()).toEqual([]);
      expect(readdirSync(join(one.home, 'OctopusRotation', 'certificate'))).toEqual(['state']);
      expect(readdirSync(one.home).filter((name) => name.includes('octopus-rotation'))).toEqual([]);
      expect(one.list).toBe(trusted);
      expect(await one.certificate('revert')).toMatchObject({ outcome: 'refused', reason: 'nothing-to-revert' });
    });

    test('B1: reverts by itself when nobody confirms: both values and the file of the store as they were, byte for byte', async () => {
      const one = await started();
      const before = kept(one);
      const fresh = await staged(one);
      await one.certificate('arm', { thumbprint: fresh, confirmSeconds: 8 });
      await one.noted('switched');
      expect(one.value('Tentacle.CertificateThumbprint')).toBe(fresh);
      await one.noted('reverted');
      expect(one.note['why']).toBe('not-confirmed');
      expect(kept(one)).toEqual(before);
      expect(await shown(one)).toBe(before.thumbprint);
      await until('the job is gone', () => one.jobUnits().length === 0);
      expect(await one.certificate('disarm', { thumbprint: fresh })).toMatchObject({ outcome: 'refused', reason: 'other-certificate' });
    });

    test('reverts when it is told to, and before it fired restarts nothing', async () => {
      const one = await started();
      const before = kept(one);
      const fresh = await staged(one);
      await one.certificate('arm', { thumbprint: fresh, fireDelaySeconds: 3600 });
      const { pid } = one;
      expect(await one.certificate('revert')).toMatchObject({ outcome: 'changed', state: 'reverted', why: 'asked', job: 'none', own: before.thumbprint });
      expect([one.pid, kept(one)]).toEqual([pid, before]);
      const again = await staged(one);
      await one.certificate('arm', { thumbprint: again });
      await one.noted('switched');
      expect(await one.certificate('revert')).toMatchObject({ outcome: 'changed', state: 'reverted', inForce: before.thumbprint });
      expect(kept(one)).toEqual(before);
    });

    test('a disarmed job that has not fired leaves OLD', async () => {
      const one = await started();
      const before = kept(one);
      const fresh = await staged(one);
      await one.certificate('arm', { thumbprint: fresh, fireDelaySeconds: 3600 });
      expect(await one.certificate('disarm', { thumbprint: fresh })).toMatchObject({ outcome: 'refused', reason: 'other-certificate', job: 'runs' });
      expect(await one.certificate('disarm', { thumbprint: before.thumbprint as Thumbprint })).toMatchObject({ outcome: 'changed', state: 'disarmed', job: 'none' });
      expect(kept(one)).toEqual(before);
    });

    describe('whatever kills the job, the Tentacle has OLD or NEW, whole', () => {
      const whole = (one: Rig, before: ReturnType<typeof kept>, fresh: string): void => {
        const now = kept(one);
        expect([before.thumbprint, fresh]).toContain(now.thumbprint);
        if (now.thumbprint === before.thumbprint) expect(now).toEqual(before);
        else expect(now).toMatchObject({ trusted: before.trusted });
        expect(now.certificate === before.certificate).toBe(now.thumbprint === before.thumbprint);
      };

      // Each note against a real Tentacle; the embedded one plays the longest way.
      test.each(subject === embedded ? (['switched'] as const) : (['armed', 'switching', 'switched', 'reverting'] as const))('D17: killed and the machine restarted at the note "%s": it goes on, N begins again, and reverts in the end', async (state) => {
        const one = await started();
        const before = kept(one);
        const fresh = await staged(one);
        await one.certificate('arm', { thumbprint: fresh, fireDelaySeconds: state === 'armed' ? 3 : 0, confirmSeconds: 5 });
        await one.noted(...(state === 'armed' ? ['armed'] : state === 'switching' ? ['switching', 'switched'] : [state]));
        await one.powerOff();
        whole(one, before, fresh);
        const { boot } = one.note;
        await one.boot();
        await one.noted('switched', 'reverted');
        if (one.note['state'] === 'switched') expect(one.note['boot']).not.toBe(state === 'armed' ? boot : '');
        await one.noted('reverted');
        expect(kept(one)).toEqual(before);
        await expect.poll(() => shown(one).catch(() => ''), { timeout: 60_000 }).toBe(before.thumbprint);
        await until('the job is gone', () => one.jobUnits().length === 0);
      });

      test('D17: killed at any moment of its way, again and again, on a machine that goes on', async () => {
        const one = await started();
        const before = kept(one);
        const fresh = await staged(one);
        await one.certificate('arm', { thumbprint: fresh, confirmSeconds: 3 });
        for (let n = 0; n < 12 && one.note['state'] !== 'reverted'; n += 1) {
          // No condition on purpose: each kill comes at another moment, whatever the job is at.
          await new Promise((resolve) => setTimeout(resolve, 150 + n * 170));
          await one.killJob();
          whole(one, before, fresh);
        }
        await one.noted('reverted');
        expect(kept(one)).toEqual(before);
      });
    });

    describe('bad input is named, and leaves the machine on its old certificate', () => {
      const refused = async (one: Rig, prepare: () => void): Promise<{ outcome: string; reason: string | null }> => {
        const before = kept(one);
        prepare();
        const result = await one.certificate('stage');
        expect(kept(one)).toEqual(before);
        expect(result).toMatchObject({ state: 'none', wayBack: 'none', own: before.thumbprint });
        expect(readdirSync(join(one.home, 'OctopusRotation', 'certificate')).filter((name) => name !== 'state')).toEqual([]);
        return result;
      };

      test('a Tentacle too old for --export-pfx', async () => {
        const one = await started();
        expect(await refused(one, () => one.wrap('case "$*" in *--export-pfx*) echo "Unrecognized command line arguments: --export-pfx=x" >&2; exit 1 ;; esac'))).toMatchObject({ outcome: 'refused', reason: 'too-old' });
      });

      test('B6: a certificate that came out SHA-1', async () => {
        const one = await started();
        const make = 'case "$*" in *--export-pfx*) for one in "$@"; do case $one in --export-pfx=*) file=$(echo "$one" | cut -c 14-) ;; --pfx-password=*) pw=$(echo "$one" | cut -c 16-) ;; esac; done\n'
          + 'openssl req -x509 -newkey rsa:2048 -sha1 -nodes -keyout "$file.key" -out "$file.crt" -days 9 -subj "/CN=Octopus Tentacle" 2>/dev/null && openssl pkcs12 -export -in "$file.crt" -inkey "$file.key" -out "$file" -passout "pass:$pw"\n'
          + 'echo "A new certificate has been generated and written to $file. Thumbprint:"; openssl x509 -in "$file.crt" -noout -fingerprint -sha1 | sed "s/.*=//" | tr -d :; rm -f "$file.key" "$file.crt"; exit 0 ;; esac';
        expect(await refused(one, () => one.wrap(make))).toMatchObject({ outcome: 'refused', reason: 'sha1-certificate' });
      });

      test('a certificate whose value does not open any more', async () => {
        const one = await started();
        expect(await refused(one, () => one.wrap('case "$*" in *show-thumbprint*--config=*) echo broken >&2; exit 100 ;; esac'))).toMatchObject({ outcome: 'refused', reason: 'no-way-back' });
      });

      test('a command that fails half-way, as on a full disk', async () => {
        const one = await started();
        expect(await refused(one, () => one.wrap('case "$*" in *--export-pfx*) echo "There is not enough space on the disk." >&2; exit 100 ;; esac'))).toMatchObject({ outcome: 'failed', reason: 'new-certificate-failed' });
        expect(await refused(one, () => one.wrap('case "$*" in *import-certificate*) exit 100 ;; esac'))).toMatchObject({ outcome: 'failed', reason: 'import-failed' });
      });

      test('nothing is armed that is not staged, nor by another rotation over an open one', async () => {
        const one = await started();
        expect(await one.certificate('arm', { thumbprint: SERVER as Thumbprint })).toMatchObject({ outcome: 'refused', reason: 'not-staged' });
        const fresh = await staged(one);
        expect(await one.certificate('arm', { thumbprint: SERVER as Thumbprint })).toMatchObject({ outcome: 'refused', reason: 'not-staged' });
        await one.certificate('arm', { thumbprint: fresh, fireDelaySeconds: 3600 });
        expect(await one.certificate('stage')).toMatchObject({ outcome: 'refused', reason: 'not-finished' });
        expect(await one.certificate('arm', { thumbprint: fresh, fireDelaySeconds: 3600 })).toMatchObject({ outcome: 'unchanged', job: 'runs' });
      });

      test('D15: where no job can be set up that survives, nothing is armed', async () => {
        const one = await started();
        const before = kept(one);
        const fresh = await staged(one);
        one.write('no-enabled-units', '1');
        one.write('no-tasks', '1');
        expect(await one.certificate('arm', { thumbprint: fresh })).toMatchObject({ outcome: 'refused', reason: 'no-detached-job', state: 'staged', job: 'none' });
        expect([one.jobUnits(), kept(one)]).toEqual([[], before]);
      });

      test('a certificate that somebody else exchanged meanwhile is not put back over', async () => {
        const one = await started();
        const fresh = await staged(one);
        await one.certificate('arm', { thumbprint: fresh, fireDelaySeconds: 4 });
        await one.tentacle('new-certificate', '--instance=Tentacle');
        const theirs = one.value('Tentacle.CertificateThumbprint');
        await one.noted('not-switched');
        expect(one.note['why']).toBe('configuration-changed');
        expect(one.value('Tentacle.CertificateThumbprint')).toBe(theirs);
      });
    });
  });
}

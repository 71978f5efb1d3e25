import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverAccess } from '../../src/cli/runs/server-access.ts';
import { parseRotationId } from '../../src/journal/rotation-id.ts';
import { rotationSecrets } from '../../src/journal/secrets.ts';
import { newCertificate, plan } from '../../src/journal/views.ts';
import { extractPackage, refusalCodes, runPhase, runProgram } from '../support/programs.ts';
import { latestReport, lease, rotationIds } from '../support/rotation.ts';
import { until } from '../support/sandbox.ts';
import { Scenario } from '../support/scenario.ts';
import { fileHashes, worldOf } from '../support/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'bef-'));
const extracted = extractPackage(join(folder, 'package'));
const TICKET = 'INC-4711';
let story: Scenario;
beforeAll(async () => {
  story = await Scenario.start('test/estates/three-machines.json', { settings: ['--restart-watch-seconds', '15'] });
  await story.begin();
});
afterAll(async () => {
  await story.stop();
  rmSync(folder, { recursive: true });
});

/** Certificates, trust, configuration, services and PFX files: what a repeated run may not touch. */
async function everything() {
  return { world: await worldOf(story.sandbox), pfx: fileHashes(join(story.installed.stateFolder, 'rotations'), /(journal\.jsonl|relay\.log|report\.(json|html))$/) };
}

/** Runs one phase of the open rotation as Calamari does on the host. */
async function phase(name: string, changed: Record<string, string> = {}) {
  const { sandbox, installed } = story;
  const host = sandbox.line.tentacles.find((one) => one.name === 'octopus-01')!;
  const planned = plan(story.journal())!;
  return runPhase(extracted, name, {
    ServerUrl: sandbox.line.url, ApiKey: sandbox.line.apiKey, Secret: installed.secret, StateFolder: installed.stateFolder, TaskId: (await lease(installed))?.holder.taskId ?? 'ServerTasks-1', SpaceId: installed.spaceId,
    ProjectName: 'Octopus Rotation', RunbookName: 'Rotate server certificate', EnvironmentName: 'Octopus', SnapshotName: 'S',
    RotationId: story.rotationId, PlanHash: planned.planHash, OldThumbprint: planned.old, ...(name === 'back-up-server-certificate' ? {} : { NewThumbprint: newCertificate(story.journal())!.thumbprint }),
    ...changed,
  }, { PATH: `${host.bin}:${process.env['PATH'] ?? ''}`, TentacleExecutablePath: join(host.bin, 'Tentacle'), TentacleInstanceName: 'Tentacle', TentacleHome: join(sandbox.line.home, 'machines', 'octopus-01', 'tentacle') });
}

/** What somebody types into a shell on a machine. */
const shell = (machine: string, command: string) => story.meddle(() => runProgram(story.sandbox.line.tentacles.find((one) => one.name === machine)!.shell, ['-c', command]));

describe('a certificate that is not due', () => {
  it('ends green and quiet: no rotation, no lease, no artifact, nothing changed', async () => {
    const before = await everything();
    const { task, log, refusals } = await story.run('');
    expect([task.state, refusals], log).toEqual(['Success', []]);
    expect(log).toContain('Nothing is due: certificate ');
    expect(log).not.toMatch(/^\S+ +(Warning|Error|Fatal) /m);
    expect(rotationIds(story.installed.stateFolder)).toEqual([]);
    expect(await lease(story.installed)).toBeNull();
    expect(await serverAccess(story.sandbox.line.url, story.sandbox.line.apiKey).artifacts(story.installed.spaceId, task.id)).toEqual([]);
    expect(await everything()).toEqual(before);
  });
});

describe('a machine that is off, with OfflineMachines=refuse', () => {
  it('A1: Prove refuses with its name and the way out, and the certificate stays', async () => {
    await story.sandbox.power('web-02', 'stop');
    const { task, log, refusals } = await story.run(TICKET);
    expect(task.state).toBe('Failed');
    expect(new Set(refusals)).toEqual(new Set(['TRUST_NOT_PROVED']));
    expect(log).toMatch(/1 machine\(s\) do not provably trust the new certificate: web-02 \(it[a-z ]* does not answer/);
    expect(log).toContain('Rotation.OfflineMachines');
    expect(log).toMatch(new RegExp(`Warning .*web-02: .* On the machine: sudo .*--trust ${story.fresh}`));
    expect((await story.sandbox.truth()).server.database.thumbprint).toBe(story.old);
    expect(story.journal().some((entry) => entry.kind === 'handed-over')).toBe(false);
    await story.holds();
  });

  it('the report of that run says so, names the machine, and what to do', () => {
    const report = latestReport(story.installed, story.rotationId)!;
    expect(report.outcome).toBe('refused');
    expect(report.verdict).toMatch(/web-02 \(it[a-z ]* does not answer/);
    expect(report.reasons.map((one) => one.code)).toEqual(['TRUST_NOT_PROVED']);
    expect(report.reasons[0]!.next).toContain('Rotation.OfflineMachines');
  });

  it('run again, each phase finds its work done and writes nothing to certificates, trust, configuration or services', async () => {
    const before = await everything();
    const [id, fresh, intents] = [story.rotationId, story.fresh, story.journal().filter((entry) => entry.kind === 'intent').length];
    const { task, refusals } = await story.run(TICKET);
    expect([task.state, new Set(refusals)]).toEqual(['Failed', new Set(['TRUST_NOT_PROVED'])]);
    expect(await everything()).toEqual(before);
    expect([story.rotationId, story.fresh]).toEqual([id, fresh]);
    expect(story.journal().filter((entry) => entry.kind === 'intent')).toHaveLength(intents);
    await story.holds();
  });
});

describe('what was changed behind the open rotation', () => {
  const pfx = () => join(story.installed.stateFolder, 'rotations', story.rotationId, `${story.old}.pfx`);

  it.each<[string, string, RegExp, () => Uint8Array]>([
    ['A20: the kept PFX of OLD without a MAC', 'PFX_NO_MAC', /has no MAC/, () => remade('-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE')],
    ['A20: the kept PFX of OLD with another password', 'PFX_WRONG_PASSWORD', /does not open/, () => remade()],
    ['the kept PFX of OLD that is another certificate', 'PFX_OTHER_CERTIFICATE', /holds certificate [0-9A-F]{40}, not /, () => other()],
  ])('%s is refused, and nothing changed', async (_name, code, said, make) => {
    const kept = readFileSync(pfx());
    writeFileSync(pfx(), make());
    try {
      const before = await everything();
      const ended = await phase('back-up-server-certificate');
      expect([ended.code, refusalCodes(ended.out)]).toEqual([1, [code]]);
      expect(ended.out).toMatch(said);
      expect(ended.out).toContain(`${story.old}.pfx`);
      expect(await everything()).toEqual(before);
    } finally {
      writeFileSync(pfx(), kept);
    }
    expect((await phase('back-up-server-certificate')).code).toBe(0);
  });

  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] });
  function remade(...how: string[]): Uint8Array {
    const password = rotationSecrets(story.installed.secret).pfxPassword(parseRotationId(story.rotationId), 'old');
    openssl('pkcs12', '-in', pfx(), '-passin', `pass:${password}`, '-nodes', '-out', 'old.pem');
    openssl('pkcs12', '-export', '-in', 'old.pem', '-out', 'old.pfx', ...how, '-passout', 'pass:another');
    return readFileSync(join(folder, 'old.pfx'));
  }
  function other(): Uint8Array {
    const password = rotationSecrets(story.installed.secret).pfxPassword(parseRotationId(story.rotationId), 'old');
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'other-key.pem', '-out', 'other.pem', '-subj', '/CN=Octopus Portal', '-days', '30');
    openssl('pkcs12', '-export', '-inkey', 'other-key.pem', '-in', 'other.pem', '-out', 'other.pfx', '-passout', `pass:${password}`);
    return readFileSync(join(folder, 'other.pfx'));
  }

  it('another Rotation.Secret does not authenticate the journal: refused, and nothing changed', async () => {
    const before = await everything();
    const ended = await phase('prove-server-certificate-trust', { Secret: 'x'.repeat(43) });
    expect([ended.code, refusalCodes(ended.out)]).toEqual([1, ['JOURNAL_TAMPERED']]);
    expect(ended.out).toContain('Rotation.Secret');
    expect(await everything()).toEqual(before);
  });

  it('D19: values of another plan, or of another certificate, are refused by each step that gets them', async () => {
    const before = await everything();
    for (const changed of [{ PlanHash: '0'.repeat(64) }, { NewThumbprint: 'AB'.repeat(20) }, { OldThumbprint: 'AB'.repeat(20) }]) {
      expect(refusalCodes((await phase('trust-server-certificate', changed)).out)).toEqual(['PLAN_CHANGED']);
    }
    expect(refusalCodes((await phase('trust-server-certificate', { OldThumbprint: `\u200e${story.old}`, PlanHash: plan(story.journal())!.planHash })).out)).toEqual(['THUMBPRINT_MALFORMED']);
    expect(refusalCodes((await phase('retire-server-certificate')).out)).not.toEqual([]);
    expect(await everything()).toEqual(before);
  });
});

describe('a third certificate that an administrator imports midway', () => {
  it('is CERTIFICATE_FOREIGN: nothing is imported or retired, until it is gone again', async () => {
    const password = rotationSecrets(story.installed.secret).pfxPassword(parseRotationId(story.rotationId), 'old');
    const kept = join(story.installed.stateFolder, 'rotations', story.rotationId, `${story.old}.pfx`);
    const third = join(folder, 'third.pfx');
    const made = await shell('octopus-01', `Octopus.Server new-certificate --instance OctopusServer --export-pfx '${third}' --pfx-password third-password && Octopus.Server import-certificate --instance OctopusServer --from-file '${third}' --pfx-password third-password`);
    expect(made.code, made.out + made.error).toBe(0);
    const before = await everything();
    expect([story.old, story.fresh]).not.toContain(before.world.database);
    const { task, log, refusals } = await story.run(TICKET);
    expect([task.state, new Set(refusals)]).toEqual(['Failed', new Set(['CERTIFICATE_FOREIGN'])]);
    expect(log).toContain(before.world.database);
    expect(await everything()).toEqual(before);
    await story.holds(/^the database shows [0-9A-F]{40}, neither OLD nor NEW$/);
    const back = await shell('octopus-01', `Octopus.Server import-certificate --instance OctopusServer --from-file '${kept}' --pfx-password '${password}'`);
    expect(back.code, back.out + back.error).toBe(0);
  });
});

describe('trust that was written, and the Tentacle not restarted', () => {
  it('A3: is not proved', async () => {
    await story.sandbox.power('web-02', 'start');
    await until('the Tentacle on web-02 runs', 20_000, async () => (await story.tentacle('web-02')).running);
    const written = await shell('web-02', `Tentacle configure --instance Tentacle --trust ${story.fresh}`);
    expect(written.code, written.out + written.error).toBe(0);
    const { stored, effective } = await story.tentacle('web-02');
    expect([stored!.some((one) => one.Thumbprint === story.fresh), effective!.some((one) => one.Thumbprint === story.fresh)]).toEqual([true, false]);
    const before = await everything();
    const ended = await phase('prove-server-certificate-trust');
    expect([ended.code, refusalCodes(ended.out)]).toEqual([1, ['TRUST_NOT_PROVED']]);
    expect(ended.out).toMatch(/web-02 \(it does not accept the new certificate: trust is missing, or was written without a restart\)/);
    expect(await everything()).toEqual(before);
  });

  it('A3: is restarted and then proved by the next run; a second run beside it is refused with who and since when', async () => {
    const before = await story.tentacle('web-02');
    const after = story.journal().length;
    await story.sandbox.setFaults({ importCertificate: 100 });
    const first = await story.start(TICKET);
    await story.entry('the first run has begun with Back up', (entry) => entry.kind === 'phase-started' && entry.data.phase === 'back-up-server-certificate', after);
    const second = await story.run(TICKET);
    expect([second.task.state, new Set(second.refusals)], second.log).toEqual(['Failed', new Set(['LEASE_HELD_BY_RUN'])]);
    expect(second.log).toMatch(new RegExp(`belongs to the run ${first}, which is not completed: the runbook on .+, task ${first}.*, since \\d{4}-\\d\\d-\\d\\dT`));
    expect((await story.ended(first)).task.state).toBe('Success');
    const now = await story.tentacle('web-02');
    expect(now.starts).toBe(before.starts + 1);
    expect(now.effective!.map((one) => one.Thumbprint).sort()).toEqual(['0A1B2C3D4E5F60718293A4B5C6D7E8F901234567', story.fresh, story.old].sort());
  });
});

describe('an import that fails', () => {
  it('C15: the second run is red with IMPORT_FAILED, the certificate is unchanged, the node takes tasks again', async () => {
    const handedOver = story.journal().findLastIndex((entry) => entry.kind === 'handed-over');
    const { task, log, refusals } = await story.queuedRun(handedOver);
    expect([task.state, new Set(refusals)], log.slice(-2000)).toEqual(['Failed', new Set(['IMPORT_FAILED'])]);
    const { server } = await story.sandbox.truth();
    expect([server.database.thumbprint, server.nodes[0]!.presents]).toEqual([story.old, story.old]);
    expect(await story.isDrained()).toBe(false);
    await story.holds();
  });

  it('when the fault is gone the next run completes the rotation that was open all the time', async () => {
    const id = story.rotationId;
    await story.sandbox.setFaults({});
    await story.completes(TICKET);
    expect(story.rotationId).toBe(id);
  });

  it('and the ticket that it was forced with forces nothing any more', async () => {
    const before = await everything();
    const { task, log } = await story.run(TICKET);
    expect(task.state).toBe('Success');
    expect(log).toContain('Nothing is due: certificate ');
    expect(await everything()).toEqual(before);
  });
});

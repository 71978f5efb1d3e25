import { createHash } from 'node:crypto';
import type { Thumbprint } from '../../src/certificates/thumbprint.ts';
import type { Entry, EntryKind, NewEntry, PlannedMachine, RunnerName } from '../../src/journal/contract.ts';

export const OLD = 'A1B2C3D4E5F60718293A4B5C6D7E8F9012345678' as Thumbprint;
export const NEW = '0F1E2D3C4B5A69788796A5B4C3D2E1F001234567' as Thumbprint;
export const FOREIGN = '0A1B2C3D4E5F60718293A4B5C6D7E8F901234567';

/** Tells a journal entry by entry, with a clock of its own. */
export class Teller {
  readonly entries: Entry[] = [];
  private at = Date.parse('2026-03-02T21:00:00.000Z');
  private fence = 1;
  private runner: RunnerName = 'runbook';
  private taskId: string | null = 'ServerTasks-101';
  phase = 'plan-server-certificate';

  after(seconds: number): this {
    this.at += seconds * 1000;
    return this;
  }

  taken(runner: RunnerName, taskId: string | null): this {
    this.fence += 1;
    this.runner = runner;
    this.taskId = taskId;
    return this;
  }

  say<K extends EntryKind>(kind: K, subject: string, data: Extract<NewEntry, { kind: K }>['data']): this {
    const last = this.entries.at(-1);
    this.entries.push({
      sequence: this.entries.length, at: new Date(this.at).toISOString(), fence: this.fence, runner: this.runner, taskId: this.taskId, phase: this.phase, kind, subject, data,
      previous: last ? createHash('sha256').update(JSON.stringify(last)).digest('hex') : '0'.repeat(64), mac: 'a'.repeat(64),
    } as unknown as Entry);
    return this;
  }

  begin(phase: string): this {
    this.phase = phase;
    return this.say('phase-started', 'estate', { phase });
  }

  finish(outcome: 'continue' | 'stop' | 'handed-over' | 'refused' | 'failed' = 'continue', refusals: { code: string; message: string; next: string }[] = []): this {
    return this.say('phase-finished', 'estate', { phase: this.phase, outcome, outputs: {}, refusals });
  }

  now(): Date {
    return new Date(this.at);
  }
}

export function machine(name: string, over: Partial<PlannedMachine> = {}): PlannedMachine {
  const own = createHash('sha1').update(name).digest('hex').toUpperCase() as Thumbprint;
  const uri = `https://${name}:10933/`;
  return {
    key: `${own} ${uri}`, aliases: [], name, own, uri, address: { host: name, port: 10933 }, route: 'listening', shell: 'Bash', isHost: false, isDisabled: false, viaProxy: false, environmentIds: ['Environments-1'],
    registrations: [{ id: `Machines-${name}`, kind: 'target', spaceId: 'Spaces-1', spaceName: 'Default', name, isDisabled: over.isDisabled ?? false }],
    ...over,
  };
}

export const MACHINES = [
  machine('octopus-01', { isHost: true }),
  machine('web-01'),
  machine('web-02'),
  machine('shared-01', { registrations: [
    { id: 'Machines-4', kind: 'target', spaceId: 'Spaces-1', spaceName: 'Default', name: 'shared-01', isDisabled: false },
    { id: 'Machines-5', kind: 'target', spaceId: 'Spaces-2', spaceName: 'Payments', name: 'payments-db', isDisabled: false },
  ] }),
  machine('worker-01', { registrations: [{ id: 'Workers-1', kind: 'worker', spaceId: 'Spaces-1', spaceName: 'Default', name: 'worker-01', isDisabled: false }] }),
  machine('legacy-01', { isDisabled: true }),
  machine('branch-07', { registrations: [{ id: 'Machines-7', kind: 'target', spaceId: 'Spaces-2', spaceName: 'Payments', name: 'branch-07', isDisabled: false }] }),
];
const REACHED = MACHINES.filter((one) => one.name !== 'legacy-01' && one.name !== 'branch-07');

/** The first run, up to and with the plan. */
export function planned(machines: PlannedMachine[] = MACHINES): Teller {
  return new Teller()
    .say('opened', 'estate', { rotation: 'server-certificate', installationId: '5f0c2f0e-0000-4000-8000-000000000001', serverUrl: 'https://octopus.example.com', serverVersion: '2026.2.1000', host: 'octopus-01', spaceId: 'Spaces-1', projectName: 'Octopus Rotation', runbookName: 'Rotate server certificate', environmentName: 'Octopus', forced: null, why: 'The certificate is older than 365 days.' })
    .begin('plan-server-certificate').after(2.1)
    .say('planned', 'estate', {
      planHash: createHash('sha256').update('plan').digest('hex'), old: OLD, oldSignature: 'sha1RSA', nodes: [{ id: 'OctopusServerNodes-NODE1', name: 'NODE1' }],
      spaces: [{ id: 'Spaces-1', name: 'Default', targets: 5, workers: 1 }, { id: 'Spaces-2', name: 'Payments', targets: 2, workers: 0 }],
      machines, outOfScope: [{ name: 'ssh-gateway', kind: 'Ssh', spaceName: 'Default', reason: 'An SSH target has no Tentacle certificate and does not look at the certificate of the server.' }],
      options: { offlineMachines: 'leave-behind', waivers: [], enableDisabled: false, pollingRoute: 'twin', waves: { by: 'size', size: 50, canaries: 1, stopAfter: 2 }, atOnce: 10, drainLimitMinutes: 30, restartWatchSeconds: 150 },
      notTouched: ['The HTTPS certificate of the portal', 'The gRPC certificate on port 8443'],
    })
    .finish();
}

/** Up to the hand-over; the two machines that cannot be reached are left behind. */
export function handedOver(): Teller {
  const teller = planned().taken('runbook', 'ServerTasks-101').begin('prepare-server-nodes').finish()
    .after(0.6).taken('runbook', 'ServerTasks-101').begin('back-up-server-certificate').after(1.2)
    .say('proved', 'server', { claim: 'old-backed-up', how: 'file', detail: {} }).finish()
    .after(0.5).taken('runbook', 'ServerTasks-101').begin('generate-server-certificate').after(1.4)
    .say('new-certificate', 'server', { thumbprint: NEW, sha256: createHash('sha256').update('new').digest('hex'), notAfter: '2046-03-02T21:00:00.000Z', signatureAlgorithm: 'sha256RSA', keyBits: 2048 })
    .say('proved', 'server', { claim: 'new-stored', how: 'file', detail: {} }).finish()
    .after(0.4).taken('runbook', 'ServerTasks-101').begin('trust-server-certificate').after(1);
  for (const one of MACHINES) {
    if (!REACHED.includes(one)) {
      teller.say('left-behind', one.key, one.isDisabled
        ? { reason: 'disabled', text: 'It is disabled in Octopus, so Octopus skips it in script tasks.', waiver: null }
        : { reason: 'off', text: `Nothing answers at ${one.name}:10933 (ECONNREFUSED).`, waiver: null });
      continue;
    }
    teller.after(0.7).say('intent', one.key, { effect: 'add-trust', detail: {} });
    teller.after(0.5).say('done', one.key, { effect: 'add-trust', detail: {} }).say('proved', one.key, { claim: 'trust-written', how: 'read-back', detail: {} });
  }
  teller.say('foreign-trust', REACHED[2]!.key, { thumbprints: [FOREIGN] }).finish();
  teller.after(0.5).taken('runbook', 'ServerTasks-101').begin('prove-server-certificate-trust').after(0.4);
  for (const one of REACHED.filter((reached) => !reached.isHost)) {
    teller.after(0.2).say('proved', one.key, { claim: 'trusts-new', how: 'wire', detail: {} }).say('proved', one.key, { claim: 'trusts-old', how: 'wire', detail: {} });
  }
  teller.finish().after(0.5).taken('runbook', 'ServerTasks-101').begin('replace-server-certificate').after(0.8)
    .say('handed-over', 'server', { job: 'job-1', unit: 'octopus-rotation-relay.service', relaySha256: createHash('sha256').update('relay').digest('hex') }).finish('handed-over');
  return teller;
}

/** A whole rotation of the default estate, ended or just before its end. */
export function completed(options: { ended: boolean } = { ended: true }): Teller {
  const teller = handedOver().after(1).taken('relay', 'ServerTasks-101').begin('replace-server-certificate')
    .say('relay-stage', 'server', { stage: 'waiting', text: 'Waiting for ServerTasks-101 to finish' }).after(1.5)
    .say('relay-stage', 'server', { stage: 'draining', text: 'Draining NODE1' }).after(2)
    .say('proved', MACHINES[0]!.key, { claim: 'trusts-new', how: 'wire', detail: {} }).say('proved', MACHINES[0]!.key, { claim: 'trusts-old', how: 'wire', detail: {} })
    .say('relay-stage', 'server', { stage: 'importing', text: 'Importing the new certificate' })
    .say('intent', 'server', { effect: 'import-certificate', detail: {} }).after(0.8).say('done', 'server', { effect: 'import-certificate', detail: {} })
    .say('relay-stage', 'server', { stage: 'server-away', text: 'Octopus Server is being restarted' }).after(6.3)
    .say('relay-stage', 'server', { stage: 'server-back', text: 'Octopus Server answers again' })
    .say('proved', 'OctopusServerNodes-NODE1', { claim: 'node-presents-new', how: 'wire', detail: {} })
    .say('proved', 'server', { claim: 'database-shows-new', how: 'rest', detail: {} }).after(0.4).finish()
    .say('run-queued', 'server', { taskId: 'ServerTasks-140', snapshot: 'Snapshot 1' }).after(1.5);
  for (const phase of ['plan-server-certificate', 'back-up-server-certificate', 'generate-server-certificate', 'trust-server-certificate', 'prove-server-certificate-trust', 'replace-server-certificate']) {
    teller.taken('runbook', 'ServerTasks-140').begin(phase).after(0.5).finish().after(0.3);
  }
  teller.taken('runbook', 'ServerTasks-140').begin('check-health').after(2.2).say('proved', 'estate', { claim: 'healthy-after-swap', how: 'rest', detail: {} }).finish()
    .after(0.4).taken('runbook', 'ServerTasks-140').begin('retire-server-certificate');
  for (const one of REACHED) {
    teller.after(0.6).say('intent', one.key, { effect: 'retire-trust', detail: {} }).after(0.3).say('done', one.key, { effect: 'retire-trust', detail: {} });
    if (!one.isHost) teller.say('proved', one.key, { claim: 'trusts-new', how: 'wire', detail: {} }).say('proved', one.key, { claim: 'distrusts-old', how: 'wire', detail: {} });
  }
  teller.finish().after(0.3).taken('runbook', 'ServerTasks-140').begin('verify-server-certificate').after(1.2).say('proved', 'estate', { claim: 'verified', how: 'wire', detail: {} }).finish()
    .after(0.3).taken('runbook', 'ServerTasks-140').begin('report-rotation').after(0.4).finish();
  if (!options.ended) return teller;
  teller.after(1).taken('relay', null);
  teller.phase = 'report-rotation';
  return teller.say('relay-stage', 'server', { stage: 'own-tentacle', text: 'Restarting the Tentacle of octopus-01' }).after(1.8)
    .say('proved', MACHINES[0]!.key, { claim: 'trusts-new', how: 'wire', detail: {} }).say('proved', MACHINES[0]!.key, { claim: 'distrusts-old', how: 'wire', detail: {} })
    .say('ended', 'estate', { outcome: 'completed' });
}

import { createHash } from 'node:crypto';
import type { Thumbprint } from '../../src/certificates/thumbprint.ts';
import type { PlannedTentacle, TentacleOptions } from '../../src/journal/contract.ts';
import { MACHINES, Teller } from './told-rotation.ts';

export const TENTACLES: PlannedTentacle[] = MACHINES.filter((one) => one.name !== 'shared-01').map((one) => ({ ...one, due: 'It is signed with SHA-1.', signatureAlgorithm: 'sha1RSA', notBefore: null, notAfter: '2027-01-01T00:00:00.000Z', clones: one.name === 'web-01' ? ['the copy'] : [], otherServers: one.name === 'web-02' ? ['F'.repeat(40)] : [] }));
export const newOf = (name: string): Thumbprint => createHash('sha1').update(`new ${name}`).digest('hex').toUpperCase() as Thumbprint;

const OPTIONS: TentacleOptions = { offlineMachines: 'leave-behind', enableDisabled: false, waves: { by: 'size', size: 50, canaries: 1, stopAfter: 2 }, atOnce: 10, waivers: [], restartWatchSeconds: 150, method: 'switch', confirmMinutes: 30, otherServers: 'accept' };

/** A rotation of Tentacle certificates, up to and with its plan. */
export function tentaclesPlanned(method: TentacleOptions['method'] = 'switch'): Teller {
  return new Teller()
    .say('opened', 'estate', { rotation: 'tentacle-certificates', installationId: '5f0c2f0e-0000-4000-8000-000000000001', serverUrl: 'https://octopus.example.com', serverVersion: '2026.2.1000', host: 'octopus-01', spaceId: 'Spaces-1', projectName: 'Octopus Rotation', runbookName: 'Rotate Tentacle certificates', environmentName: 'Octopus', forced: null, why: '6 Tentacles are due.' })
    .begin('plan-tentacle-certificates').after(2)
    .say('tentacles-planned', 'estate', {
      planHash: createHash('sha256').update('plan').digest('hex'), server: 'E'.repeat(40) as Thumbprint, nodes: [{ id: 'OctopusServerNodes-NODE1', name: 'NODE1' }], spaces: [{ id: 'Spaces-1', name: 'Default', targets: 5, workers: 1 }],
      machines: TENTACLES, notDue: 3, outOfScope: [], options: { ...OPTIONS, method }, notTouched: ['The trust lists of the Tentacles'],
    })
    .finish();
}

/** All but two have their new certificate: one is off, and one came to a certificate that nobody knows; the host's own by the relay. */
export function tentaclesHandedOver(): Teller {
  const teller = tentaclesPlanned().taken('runbook', 'ServerTasks-101').begin('regenerate-tentacle-certificates').after(1);
  for (const one of TENTACLES.filter(({ isHost }) => !isHost)) {
    if (one.name === 'branch-07') teller.say('left-behind', one.key, { reason: 'off', text: 'Nothing answers at branch-07:10933 (ECONNREFUSED).', waiver: null });
    else exchange(teller, one, one.name === 'legacy-01');
  }
  return teller.say('handed-over', 'server', { job: 'job-1', unit: 'octopus-rotation-relay.service', relaySha256: createHash('sha256').update('relay').digest('hex') }).finish('handed-over');
}

function exchange(teller: Teller, one: PlannedTentacle, isLost = false): void {
  teller.after(1).say('tentacle-certificate', one.key, { old: one.own, new: newOf(one.name), signature: 'strong' }).say('intent', one.key, { effect: 'arm-certificate', detail: { thumbprint: newOf(one.name) } }).after(4);
  if (isLost) return void teller.say('left-behind', one.key, { reason: 'unknown-certificate', text: 'It shows a certificate that nobody knows.', waiver: null });
  teller.say('proved', one.key, { claim: 'presents-new', how: 'wire', detail: {} }).say('proved', one.key, { claim: 'registered-new', how: 'rest', detail: {} }).after(1).say('proved', one.key, { claim: 'disarmed', how: 'read-back', detail: {} });
}

/** The same to its end. */
export function tentaclesCompleted(): Teller {
  const teller = tentaclesHandedOver().after(1).taken('relay', 'ServerTasks-101').begin('regenerate-tentacle-certificates').say('relay-stage', 'server', { stage: 'exchanging', text: "Exchanging the certificate of the host's own Tentacle" });
  exchange(teller, TENTACLES.find(({ isHost }) => isHost)!);
  return teller.say('run-queued', 'server', { taskId: 'ServerTasks-140', snapshot: 'Snapshot 1' }).after(2).taken('runbook', 'ServerTasks-140').begin('verify-tentacle-certificates').after(1).finish().taken('relay', 'ServerTasks-140').say('ended', 'estate', { outcome: 'completed' });
}

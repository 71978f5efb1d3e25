import type { EntryData, EntryKind } from '../../src/journal/contract.ts';
import { FIRST_PREVIOUS } from '../../src/journal/line.ts';

export const OPENED: EntryData['opened'] = {
  rotation: 'server-certificate', installationId: 'i', serverUrl: 'http://127.0.0.1:1', serverVersion: '2026.2.1000', host: 'host-1', spaceId: 'Spaces-1',
  projectName: 'Octopus Rotation', runbookName: 'Rotate server certificate', environmentName: 'Production', forced: null, why: 'older than a year',
};

const THUMBPRINT = 'A'.repeat(40) as EntryData['planned']['old'];
const SHA256 = 'a'.repeat(64);

/** One of each kind, held complete by the compiler: so a field that only the type or only the schema knows is found. */
export const EXAMPLES: { [K in EntryKind]: EntryData[K] } = {
  opened: OPENED,
  planned: {
    planHash: SHA256, old: THUMBPRINT, oldSignature: 'sha256RSA', nodes: [{ id: 'n', name: 'n' }], spaces: [{ id: 's', name: 's', targets: 1, workers: 0 }],
    machines: [{ key: 'k', aliases: [], name: 'm', own: THUMBPRINT, uri: 'https://m:10933/', address: { host: 'm', port: 10933 }, route: 'listening', shell: 'Bash', isHost: false, isDisabled: false, viaProxy: false, environmentIds: ['Environments-1'], registrations: [{ id: 'Machines-1', kind: 'target', spaceId: 's', spaceName: 's', name: 'm', isDisabled: false }] }],
    outOfScope: [{ name: 'o', kind: 'Ssh', spaceName: 's', reason: 'r' }],
    options: { offlineMachines: 'leave-behind', waivers: [{ machine: 'm', by: 'b', reason: 'r', until: '2026-01-31' }], enableDisabled: false, pollingRoute: 'twin', waves: { by: 'size', size: 50, canaries: 1, stopAfter: 2 }, atOnce: 10, drainLimitMinutes: 10, restartWatchSeconds: 150 }, notTouched: ['portal HTTPS'],
  },
  'tentacles-planned': {
    planHash: SHA256, server: THUMBPRINT, nodes: [{ id: 'n', name: 'n' }], spaces: [{ id: 's', name: 's', targets: 1, workers: 0 }],
    machines: [{ key: 'k', aliases: [], name: 'm', own: THUMBPRINT, uri: 'poll://m/', address: null, route: 'polling', shell: 'PowerShell', isHost: false, isDisabled: false, viaProxy: false, environmentIds: [], registrations: [], due: 'it is old', signatureAlgorithm: 'sha1RSA', notBefore: null, notAfter: null, clones: ['c'], otherServers: [THUMBPRINT] }],
    notDue: 3, outOfScope: [],
    options: { offlineMachines: 'refuse', waivers: [], enableDisabled: true, waves: { by: 'environment', size: 50, canaries: 1, stopAfter: 0 }, atOnce: 10, restartWatchSeconds: 150, method: 'switch', confirmMinutes: 10, otherServers: 'refuse' }, notTouched: ['trust lists'],
  },
  'tentacle-certificate': { old: THUMBPRINT, new: THUMBPRINT, signature: 'strong' },
  'new-certificate': { thumbprint: THUMBPRINT, sha256: SHA256.toUpperCase(), notAfter: '2126-01-05T00:00:00Z', signatureAlgorithm: 'sha256RSA', keyBits: 2048 },
  intent: { effect: 'add-trust', detail: { a: 'x', b: 1, c: true, d: null } },
  done: { effect: 'add-trust', detail: {} },
  proved: { claim: 'trusts-new', how: 'wire', detail: {} },
  unproved: { claim: 'trusts-new', verdict: 'unknown', reason: 'r' },
  'left-behind': { reason: 'waived', text: 't', waiver: { machine: 'm', by: 'b', reason: 'r', until: '2026-01-31' } },
  'caught-up': {},
  'foreign-trust': { thumbprints: [THUMBPRINT] },
  'phase-started': { phase: 'plan-server-certificate' },
  'phase-finished': { phase: 'plan-server-certificate', outcome: 'continue', outputs: { Continue: 'True' }, refusals: [{ code: 'C', message: 'm', next: 'n' }] },
  'handed-over': { job: 'j', unit: 'u', relaySha256: SHA256 },
  'relay-stage': { stage: 's', text: 't' },
  'run-queued': { taskId: 'ServerTasks-1', snapshot: 's' },
  ended: { outcome: 'completed' },
};

export const entryOf = (kind: string, data: object): object => ({ sequence: 0, at: '2026-01-05T10:00:00.000Z', fence: 1, runner: 'relay', taskId: null, phase: 'p', kind, subject: 's', data, previous: FIRST_PREVIOUS, mac: SHA256 });

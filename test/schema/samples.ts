import { parseThumbprint } from '../../src/certificates/thumbprint.ts';
import type { LeaseMarker } from '../../src/journal/contract.ts';
import type { CertificateResult, MachineResult } from '../../src/tentacle/contract.ts';
import type { RelayJob } from '../../schemas/types/relay-job.ts';
import { entryOf, EXAMPLES } from '../journal/examples.ts';

/** One valid value, or several, of each schema that src/schema/check.ts checks; held complete by the compiler. */

export const ENTRIES = Object.entries(EXAMPLES).map(([kind, data]) => entryOf(kind, data) as { kind: string });

export const MARKER: LeaseMarker = {
  format: 1, rotation: 'server-certificate', rotationId: 'sc-20260105-0a1b2c3d', host: 'host-1', stateFolder: '/var/lib/octopus-rotation', fence: 3, entries: 0,
  holder: { runner: 'relay', taskId: 'ServerTasks-1', process: { pid: 42, started: '1234', boot: 'b' } }, openedAt: '2026-01-05T10:00:00.000Z', heldSince: '2026-01-05T10:00:00.000Z',
};

export const RESULT: MachineResult = {
  rotationId: 'sc-20260105-0a1b2c3d', own: parseThumbprint('A'.repeat(40)), operation: 'add', outcome: 'changed', reason: null,
  before: [], after: [{ thumbprint: parseThumbprint('B'.repeat(40)), style: 'TentaclePassive', address: null, subscriptionId: null }], effective: 'no', restart: 'armed', lastRestart: 'none', identity: 'c'.repeat(64),
};

export const CERTIFICATE_RESULT: CertificateResult = {
  rotationId: 'tc-20260105-0a1b2c3d', own: parseThumbprint('A'.repeat(40)), operation: 'arm', outcome: 'changed', reason: null, state: 'armed', why: null, noteOf: 'tc-20260105-0a1b2c3d', old: parseThumbprint('A'.repeat(40)), new: parseThumbprint('B'.repeat(40)),
  signature: 'strong', job: 'runs', secondsLeft: 7, inForce: null, wayBack: 'kept', pending: 'none', trusted: [{ thumbprint: parseThumbprint('B'.repeat(40)), style: 'TentaclePassive', address: null, subscriptionId: null }], freeKilobytes: 1, clock: 1, identity: 'c'.repeat(64),
};

export const JOB: RelayJob = {
  format: 1, kind: 'swap', rotationId: 'sc-20260105-0a1b2c3d', folder: '/f', stateFolder: '/s', relaySha256: 'd'.repeat(64), serverUrl: 'http://127.0.0.1:1', apiKey: 'API-X', secret: 's', taskId: 'ServerTasks-1', spaceId: 'Spaces-1', projectName: 'p',
  runbookName: 'r', environmentName: 'e', snapshotName: 's', octopusServer: '/o', restartCommand: null, localTentacle: { executable: '/t', instance: 'i', home: '/h' }, environment: { PATH: '/bin' },
};

const HEAD = { format: 1, rotationId: 'sc-20260105-0a1b2c3d', fence: 3, sequence: 2, at: '2026-01-05T10:00:00.000Z', mac: 'a'.repeat(64) };
const NODE = { name: 'NODE2', port: 10943, addresses: ['octopus-02.example', '10.0.0.2', 'fd00::2'], relaySha256: 'b'.repeat(64) };
/** One of each body of a message between relays. */
export const MESSAGES = [
  { ...HEAD, from: 'leader', to: '0123456789abcdef', body: { kind: 'command', command: 'restart', expected: 'A'.repeat(40) } },
  { ...HEAD, from: '0123456789abcdef', to: 'leader', body: { kind: 'answer', answers: { fence: 3, sequence: 1 }, outcome: 'done', presents: 'A'.repeat(40), database: null, text: 't', refusal: null, node: NODE } },
  { ...HEAD, from: '0123456789abcdef', to: 'leader', body: { kind: 'answer', answers: { fence: 3, sequence: 1 }, outcome: 'refused', presents: null, database: 'A'.repeat(40), text: '', refusal: { code: 'NODE_UNKNOWN', message: 'm', safe: 's', next: 'n' }, node: NODE } },
];

import type { SeenNode } from '../../src/gates/nodes.ts';
import { parseThumbprint, type Thumbprint } from '../../src/certificates/thumbprint.ts';
import type { PlannedMachine, RotationOptions } from '../../src/journal/contract.ts';
import type { Registration } from '../../src/octopus/contract.ts';

export const OLD = parseThumbprint('4E543E75D7692720A67C81810F096D855164FC49');
export const NEW = parseThumbprint('B3997FBCFA03119B3752C98E8B99D06D32E38B45');
export const THIRD = parseThumbprint('493739E3D40EA8B039732E27E02E165BF470D033');

/** A planned machine; what a test does not name is unremarkable. */
export function plannedMachine(given: Partial<PlannedMachine> = {}): PlannedMachine {
  const name = given.name ?? 'web-01';
  return {
    key: `${THIRD}@${name}:10933`,
    aliases: [],
    name,
    own: THIRD,
    uri: `https://${name}:10933/`,
    address: { host: name, port: 10933 },
    route: 'listening',
    shell: 'Bash',
    environmentIds: ['Environments-1'],
    isHost: false,
    isDisabled: false,
    viaProxy: false,
    registrations: [{ id: `Machines-${name}`, kind: 'target', spaceId: 'Spaces-1', spaceName: 'Default', name, isDisabled: false }],
    ...given,
  };
}

export function rotationOptions(given: Partial<RotationOptions> = {}): RotationOptions {
  return { offlineMachines: 'refuse', waivers: [], enableDisabled: false, pollingRoute: 'twin', waves: { by: 'size', size: 50, canaries: 1, stopAfter: 2 }, atOnce: 10, drainLimitMinutes: 30, restartWatchSeconds: 150, ...given };
}

export function registration(given: Partial<Registration> = {}): Registration {
  return {
    id: 'Machines-1',
    kind: 'target',
    spaceId: 'Spaces-1',
    name: 'web-01',
    isDisabled: false,
    healthStatus: 'Healthy',
    statusSummary: '',
    style: 'TentaclePassive',
    uri: 'https://web-01:10933/',
    thumbprint: THIRD,
    thumbprintText: THIRD,
    proxyId: null,
    shell: 'Bash',
    tentacleVersion: '8.3.2',
    signatureAlgorithm: 'sha256RSA',
    roles: ['web'],
    environmentIds: ['Environments-1'],
    workerPoolIds: [],
    ...given,
  };
}

/** A server node as it was seen at its own address; null: out of sight. */
export function seenNode(presents: string | null, name = 'NODE1', database = presents): SeenNode {
  return { name, presents: presents as Thumbprint | null, database: database as Thumbprint | null, text: presents === null ? 'connection refused' : '' };
}

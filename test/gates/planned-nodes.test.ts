import { describe, expect, it } from 'vitest';
import { everyNodeServed } from '../../src/gates/planned-nodes.ts';
import { parseThumbprint } from '../../src/certificates/thumbprint.ts';
import type { Registration, ServerNode } from '../../src/octopus/contract.ts';

const node = (number: number, given: Partial<ServerNode> = {}): ServerNode => ({ id: `OctopusServerNodes-${number}`, name: `NODE${number}`, isOffline: false, isDraining: false, maxConcurrentTasks: 5, runningTasks: 0, version: '2026.2.1000', lastSeen: '2026-01-05T10:00:00Z', ...given });
const tentacle = (number: number, roles: string[], given: Partial<Registration> = {}): Registration => ({
  id: `Machines-${number}`, kind: 'target', spaceId: 'Spaces-1', name: `octopus-0${number}`, isDisabled: false, healthStatus: 'Healthy', statusSummary: '', style: 'TentaclePassive', uri: `https://octopus-0${number}:10933/`,
  thumbprint: parseThumbprint(String(number).repeat(40)), thumbprintText: null, proxyId: null, shell: 'Bash', tentacleVersion: null, signatureAlgorithm: null, roles, environmentIds: [], workerPoolIds: [], ...given,
});
const HOST = tentacle(1, ['Octopus-Server-Node', 'octopus-rotation-host']);
const BESIDE = tentacle(2, ['octopus-server-node']);
const served = (nodes: ServerNode[], registrations: Registration[], pollingRoute: 'twin' | 'update-trust' = 'twin') => everyNodeServed(nodes, registrations, { pollingRoute });
const codes = (verdict: ReturnType<typeof served>) => (verdict.verdict === 'pass' ? [] : verdict.refusals.map((one) => one.code));

describe('the nodes of a plan', () => {
  it('A15: pass when each is up, of one version, with a Tentacle of its own', () => {
    expect(codes(served([node(1), node(2)], [HOST, BESIDE, tentacle(3, ['web'])]))).toEqual([]);
    expect(codes(served([node(1)], [tentacle(1, ['octopus-rotation-host'])]))).toEqual([]);
  });

  it('A15: one that is down is refused', () => {
    expect(codes(served([node(1), node(2, { isOffline: true })], [HOST, BESIDE]))).toEqual(['NODE_DOWN']);
  });

  it('A15: versions that differ are refused; one that says none does not differ', () => {
    expect(codes(served([node(1), node(2, { version: '2026.1.1' })], [HOST, BESIDE]))).toEqual(['NODE_VERSIONS_DIFFER']);
    expect(codes(served([node(1), node(2, { version: '' })], [HOST, BESIDE]))).toEqual([]);
  });

  it.each<[string, Registration[]]>([
    ['without the role', [HOST, tentacle(2, ['web'])]],
    ['disabled', [HOST, { ...BESIDE, isDisabled: true }]],
    ['a worker only', [HOST, { ...BESIDE, kind: 'worker' }]],
    ['the same as the other one, registered twice', [HOST, { ...HOST, id: 'Machines-9', roles: ['octopus-server-node'] }]],
  ])('A15: a node whose Tentacle is %s is refused', (_, registrations) => {
    expect(codes(served([node(1), node(2)], registrations))).toEqual(['NODE_WITHOUT_TENTACLE']);
  });

  it('A15: with several nodes polling Tentacles do not go over by update-trust, which trusts one certificate at a time; with one node they may', () => {
    expect(codes(served([node(1), node(2)], [HOST, BESIDE], 'update-trust'))).toEqual(['UPDATE_TRUST_WITH_SEVERAL_NODES']);
    expect(codes(served([node(1)], [HOST], 'update-trust'))).toEqual([]);
  });

  it('A41: several machines with the role of the host are refused, also with one node', () => {
    expect(codes(served([node(1)], [HOST, tentacle(2, ['octopus-rotation-host'])]))).toEqual(['SEVERAL_HOSTS']);
    expect(codes(served([node(1)], [HOST, { ...HOST, id: 'Machines-9' }]))).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { readInventory } from '../../src/phases/inventory.ts';
import { clientOf, serve, type Answer } from '../octopus/server.ts';
import { NEW, OLD, THIRD } from '../support/estate-pieces.ts';

const SPACES = [{ id: 'Spaces-1', name: 'Default', isDefault: true }, { id: 'Spaces-2', name: 'Payments', isDefault: false }];
const resource = (Id: string, Name: string, Thumbprint: string, Uri: string, CommunicationStyle = 'TentaclePassive') => ({ Id, Name, IsDisabled: false, HealthStatus: 'Healthy', ShellName: 'Bash', Endpoint: { CommunicationStyle, Uri, Thumbprint } });

/** What Octopus lists, by `space/machines` or `space/workers`. */
async function inventoryOf(listed: Record<string, object[]>) {
  const server = await serve(({ path }): Answer => {
    const items = listed[path.replace(/^\/api\//, '')] ?? [];
    return { json: { TotalResults: items.length, Items: items } };
  });
  return readInventory(clientOf(server.url), SPACES, OLD);
}

describe('what is in scope', () => {
  it('A9: workers as well as targets, of every space', async () => {
    const { spaces, machines } = await inventoryOf({
      'Spaces-1/machines': [resource('Machines-1', 'web-01', OLD, 'https://web-01:10933/')],
      'Spaces-2/workers': [resource('Workers-1', 'worker-01', NEW, 'https://worker-01:10933/')],
    });
    expect(spaces).toEqual([{ id: 'Spaces-1', name: 'Default', targets: 1, workers: 0 }, { id: 'Spaces-2', name: 'Payments', targets: 0, workers: 1 }]);
    expect(machines.map((one) => one.name).sort()).toEqual(['web-01', 'worker-01']);
  });

  it('A26: one Tentacle that is registered three times is one machine, whatever the letter case of its address', async () => {
    const { machines } = await inventoryOf({
      'Spaces-1/machines': [resource('Machines-1', 'shared', THIRD, 'https://shared-01:10933/')],
      'Spaces-1/workers': [resource('Workers-1', 'shared as worker', THIRD.toLowerCase(), 'https://SHARED-01:10933')],
      'Spaces-2/machines': [resource('Machines-2', 'payments-db', THIRD, 'https://shared-01:10933/')],
    });
    expect(machines).toHaveLength(1);
    expect(machines[0]!.registrations.map((one) => one.id)).toEqual(['Machines-1', 'Workers-1', 'Machines-2']);
  });

  it('B9: clones, which have one certificate and several addresses, are several machines', async () => {
    const { machines } = await inventoryOf({ 'Spaces-1/machines': ['a', 'b'].map((name) => resource(`Machines-${name}`, name, THIRD, `https://${name}:10933/`)) });
    expect(machines.map((one) => [one.name, one.own])).toEqual([['a', THIRD], ['b', THIRD]]);
  });

  it('A41, A27: the Tentacle that runs the steps is recognised by its thumbprint, whatever it is called', async () => {
    const { machines } = await inventoryOf({ 'Spaces-1/machines': [resource('Machines-1', 'renamed', OLD, 'https://10.0.0.1:10933/'), resource('Machines-2', 'octopus-01', NEW, 'https://octopus-01:10933/')] });
    expect(machines.filter((one) => one.isHost).map((one) => one.name)).toEqual(['renamed']);
  });

  it('A11, A32: a Kubernetes agent and an unknown kind are told as what cannot be rotated, never as a machine', async () => {
    const agent = { ...resource('Machines-1', 'agent', NEW, 'poll://x/'), Endpoint: { CommunicationStyle: 'KubernetesTentacle', TentacleEndpointConfiguration: { Uri: 'poll://x/', Thumbprint: NEW } } };
    const { machines, unsupported } = await inventoryOf({ 'Spaces-1/machines': [agent, resource('Machines-2', 'odd', THIRD, 'https://odd:10933/', 'Quantum')] });
    expect(machines).toEqual([]);
    expect(unsupported.map((one) => one.name)).toEqual(['agent', 'odd']);
  });

  it('A28: one whose shell is not known cannot be rotated until it is, unless another registration of the same Tentacle tells it', async () => {
    const unknown = (Id: string, Name: string, Thumbprint: string) => ({ ...resource(Id, Name, Thumbprint, `https://${Thumbprint.slice(0, 4)}:10933/`), ShellName: 'Unknown' });
    const { machines, unsupported, unchecked } = await inventoryOf({
      'Spaces-1/machines': [unknown('Machines-1', 'again', NEW), unknown('Machines-2', 'alone', THIRD)],
      'Spaces-2/workers': [{ ...unknown('Workers-1', 'known', NEW), ShellName: 'PowerShell' }],
    });
    expect(machines.map((one) => [one.shell, one.registrations.map((registration) => registration.name)])).toEqual([['PowerShell', ['again', 'known']]]);
    expect([unsupported.map((one) => one.name), unchecked.map((one) => one.id)]).toEqual([['alone'], ['Machines-2']]);
  });
});

import { describe, expect, it } from 'vitest';
import { routeOf } from '../../src/gates/routes.ts';
import { registration } from '../support/estate-pieces.ts';

describe('the route of a machine', () => {
  it('is chosen from its registration alone', () => {
    expect(routeOf(registration())).toEqual({ route: 'listening', shell: 'Bash' });
  });

  it.each(['None', 'Ssh', 'OfflineDrop', 'AzureWebApp', 'Kubernetes', 'StepPackage', 'AwsEcsCluster', 'Ftp', 'AzureCloudService', 'AzureServiceFabricCluster'])('%s is out of scope with its reason', (style) => {
    const route = routeOf(registration({ style, uri: null, thumbprint: null }));
    expect(route).toMatchObject({ route: 'out-of-scope', kind: style });
    expect('reason' in route && route.reason.length).toBeGreaterThan(10);
  });

  it('A2: a polling Tentacle is never sent down the listening path', () => {
    expect(routeOf(registration({ style: 'TentacleActive', uri: 'poll://abc/' }))).toEqual({ route: 'polling', shell: 'Bash' });
    expect(routeOf(registration({ style: 'TentacleActive', uri: 'https://web-01:10933/' })).route).toBe('unsupported');
  });

  it('a Windows machine gets PowerShell, by either route', () => {
    expect(routeOf(registration({ shell: 'PowerShell' }))).toEqual({ route: 'listening', shell: 'PowerShell' });
    expect(routeOf(registration({ style: 'TentacleActive', uri: 'poll://abc/', shell: 'PowerShell' }))).toEqual({ route: 'polling', shell: 'PowerShell' });
  });

  it('one that was never checked in full is told apart, and nothing is guessed of it', () => {
    expect(routeOf(registration({ shell: null }))).toEqual({ route: 'unchecked', kind: 'TentaclePassive', reason: 'its shell is not known yet; a full health check tells it' });
    expect(routeOf(registration({ shell: null, uri: null })).route).toBe('unsupported');
  });

  it('A13: where the registration shows that it polls by WebSocket, it is out of scope with that reason', () => {
    expect(routeOf(registration({ style: 'TentacleActive', uri: 'wss://octopus/OctopusComms' }))).toMatchObject({ route: 'out-of-scope', kind: 'WebSocket', reason: expect.stringMatching(/certificate of the web portal.*A13/) as string });
  });

  it('A11: a Kubernetes agent is not guessed to be an ordinary polling Tentacle', () => {
    expect(routeOf(registration({ style: 'KubernetesTentacle', uri: 'poll://abc/' })).route).toBe('unsupported');
  });

  it.each([['an unknown style', { style: 'Quantum' }], ['no address', { uri: null }], ['no thumbprint', { thumbprint: null }], ['another shell', { shell: 'Fish' }], ['an address that is not https', { uri: 'http://web-01:10933/' }]])('%s is unsupported, never guessed to be harmless', (_name, given) => {
    expect(routeOf(registration(given)).route).toBe('unsupported');
  });
});

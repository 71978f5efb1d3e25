import { describe, expect, it } from 'vitest';
import { routeOf } from '../../src/gates/routes.ts';
import { registration } from '../support/estate-pieces.ts';

describe('the route of a machine', () => {
  it('is chosen from its registration alone', () => {
    expect(routeOf(registration())).toEqual({ route: 'listening-linux' });
  });

  it.each(['None', 'Ssh', 'OfflineDrop', 'AzureWebApp', 'Kubernetes', 'StepPackage', 'AwsEcsCluster', 'Ftp', 'AzureCloudService', 'AzureServiceFabricCluster'])('%s is out of scope with its reason', (style) => {
    const route = routeOf(registration({ style, uri: null, thumbprint: null }));
    expect(route).toMatchObject({ route: 'out-of-scope', kind: style });
    expect('reason' in route && route.reason.length).toBeGreaterThan(10);
  });

  it.each(['TentacleActive', 'KubernetesTentacle'])('A2: %s is never sent down the listening path', (style) => {
    expect(routeOf(registration({ style, uri: 'poll://abc/' })).route).toBe('unsupported');
  });

  it.each([['an unknown style', { style: 'Quantum' }], ['no address', { uri: null }], ['no thumbprint', { thumbprint: null }], ['an unknown shell', { shell: null }], ['PowerShell', { shell: 'PowerShell' }], ['an address that is not https', { uri: 'http://web-01:10933/' }]])('%s is unsupported, never guessed to be harmless', (_name, given) => {
    expect(routeOf(registration(given)).route).toBe('unsupported');
  });
});

import { describe, expect, it } from 'vitest';
import { capabilitiesOf } from '../../src/octopus/capabilities.ts';
import { refusalsOf } from '../../src/errors/refusal.ts';
import { clientOf, serve } from './server.ts';

describe('what a server can do', () => {
  it.each([
    ['2019.13.7', { runsByName: false, hasGrpcCertificate: false, limitsRequests: false }],
    ['2022.3.5511', { runsByName: false, hasGrpcCertificate: false, limitsRequests: false }],
    ['2022.3.5512', { runsByName: true, hasGrpcCertificate: false, limitsRequests: false }],
    ['2025.3.9999', { runsByName: true, hasGrpcCertificate: false, limitsRequests: false }],
    ['2025.4.0', { runsByName: true, hasGrpcCertificate: true, limitsRequests: false }],
    ['2026.2.1000', { runsByName: true, hasGrpcCertificate: true, limitsRequests: false }],
    ['2026.3.1-beta.2', { runsByName: true, hasGrpcCertificate: true, limitsRequests: true }],
  ])('%s', (version, expected) => expect(capabilitiesOf(version, [])).toMatchObject({ version, trustTasks: [], ...expected }));

  it('by its tasks: only those of the documents that it lists (A29)', () => {
    expect(capabilitiesOf('2026.2.1000', ['Health', 'TentacleRemoveTrust', 'TentacleAddTrust']).trustTasks).toEqual(['TentacleAddTrust', 'TentacleRemoveTrust']);
    expect(capabilitiesOf('2026.2.1000', ['Health', 'TentacleAddTrust']).trustTasks).toEqual(['TentacleAddTrust']);
  });

  it.each(['2019.12.9', '3.17.14', '', 'local', '2019.x'])('is nothing that is relied on when its version is "%s"', (version) => {
    expect(() => capabilitiesOf(version, [])).toThrow(expect.objectContaining({ code: 'OCTOPUS_TOO_OLD' }));
  });

  it('is read once for a client, and again when reading failed', async () => {
    const about = (version: string) => ({ json: { Version: version, InstallationId: 'x' } });
    let version = '2018.1.0';
    const server = await serve(({ path }) => (path === '/api' ? about(version) : { json: [{ Id: 'Health', Name: 'Health' }] }));
    const client = clientOf(server.url);
    expect(refusalsOf(await client.capabilities().catch((error: unknown) => error)).map((each) => each.code)).toEqual(['OCTOPUS_TOO_OLD']);
    version = '2026.2.1000';
    expect(await client.capabilities()).toMatchObject({ runsByName: true });
    const asked = server.seen.length;
    await client.capabilities();
    expect(server.seen).toHaveLength(asked);
  });
});

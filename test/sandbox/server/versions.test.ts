import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differencesOf } from '../../../src/sandbox/server/version-differences.ts';
import { estate, packageForm, ServerHarness } from './harness.ts';

const versioned = (version: string) => ServerHarness.create({ ...estate, server: { ...estate.server, version } });

describe('a server of 2021', () => {
  let server: ServerHarness;
  beforeAll(async () => {
    server = await versioned('2021.3.8275');
    await server.start();
  });
  afterAll(() => server.dispose());

  it('says so, and has no run by name and no list of capabilities', async () => {
    expect((await server.get('/api')).body.Version).toBe('2021.3.8275');
    expect((await server.call('POST', '/api/Spaces-1/runbook-runs/create/v1', {})).status).toBe(404);
    expect((await server.get('/api/capabilities')).status).toBe(404);
  });

  it('does not know --type of the certificate commands', async () => {
    const { code, stdout, stderr } = await server.run(['new-certificate', '--instance=OctopusServer', '--type=tentacle', `--export-pfx=${server.home}/new.pfx`]);
    expect(code).toBe(1);
    expect(stdout + stderr).toContain('Unrecognized command line arguments: --type=tentacle');
    expect((await server.run(['new-certificate', '--instance=OctopusServer', `--export-pfx=${server.home}/new.pfx`])).code).toBe(0);
  });
});

describe('a server of 2026.3', () => {
  let server: ServerHarness;
  beforeAll(async () => {
    server = await versioned('2026.3.100');
    await server.start();
  });
  afterAll(() => server.dispose());

  it('refuses what comes faster than its limit, unprocessed, with a hint when to come again', async () => {
    const answers = await Promise.all(Array.from({ length: 260 }, () => server.get('/api/users/me')));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]!.headers.get('retry-after')).toBe('1');
    const answer = await server.call('POST', '/api/Spaces-1/packages/raw?overwriteMode=FailIfExists', packageForm('thing.1.0.0.zip', 'x'));
    expect([429, 201]).toContain(answer.status);
    expect(server.database.read().Collections.Packages).toHaveLength(answer.status === 201 ? 1 : 0);
  });
});

describe('versions', () => {
  it.each([
    ['2019.13.7', [false, false, false, false, 16]], ['2022.3.5511', [false, true, false, false, 16]], ['2022.4.1', [true, true, false, false, 16]], ['2024.4.7091', [true, true, false, false, 32]],
    ['2025.4.1', [true, true, false, true, 32]], ['2026.2.1000', [true, true, false, true, 32]], ['2026.3.0', [true, true, true, true, 32]],
  ] as const)('%s', (version, expected) => {
    const { runsByName, tellsCapabilities, limitsRequests, hasCertificateTypes, masterKeyBytes } = differencesOf(version);
    expect([runsByName, tellsCapabilities, limitsRequests, hasCertificateTypes, masterKeyBytes]).toEqual(expected);
  });
});

import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalsOf } from '../../src/errors/refusal.ts';
import { uninstall } from '../../src/install/uninstall.ts';
import { exchangeToken } from '../../src/octopus/oidc.ts';
import { addUser } from '../../src/sandbox/server/database/users.ts';
import { evenRandom, fastClock, failureOf, serve } from '../octopus/server.ts';
import { ServerHarness } from '../sandbox/server/harness.ts';

const ISSUER = 'https://token.example.com';
const SUBJECT = 'repo:example/octopus:ref:refs/heads/main';

let server: ServerHarness;
let account: string;
beforeAll(async () => {
  server = await ServerHarness.create();
  account = addUser(server.database, { username: 'installer', system: ['*'], spaces: { '*': ['*'] }, isService: true, oidcIdentities: [{ Issuer: ISSUER, Subject: SUBJECT }] }).user.Id;
  await server.start();
});
afterAll(() => server.dispose());

const signature = randomBytes(32).toString('base64url');
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (change: object = {}): string => [part({ alg: 'RS256' }), part({ iss: ISSUER, sub: SUBJECT, aud: account, exp: Math.floor(Date.now() / 1000) + 600, ...change }), signature].join('.');
const common = () => ({ url: server.server.url, clock: fastClock(), random: evenRandom });

describe('a token of an identity provider, instead of an API key', () => {
  it('is exchanged, and what follows is done as the service account', async () => {
    await uninstall({ ...common(), apiKey: '', oidc: { subjectToken: token(), serviceAccountId: account }, spaceName: 'Default', dryRun: true, done: () => undefined });
    const bearer = await exchangeToken(common(), { subjectToken: token(), serviceAccountId: account });
    expect((await server.get('/api/users/me', { 'X-Octopus-ApiKey': bearer })).body.Username).toBe('installer');
  });

  it.each<[string, object, RegExp]>([
    ['another subject', { sub: 'repo:example/other' }, /No OIDC identity/], ['another issuer', { iss: 'https://elsewhere.example.com' }, /No OIDC identity/], ['another audience', { aud: 'Users-99' }, /audience/], ['that has expired', { exp: 1_700_000_000 }, /expired/],
  ])('of %s is refused with what Octopus says, and shown nowhere', async (_, change, said) => {
    const subjectToken = token(change);
    const error = await exchangeToken(common(), { subjectToken, serviceAccountId: account }).catch((failed: unknown) => failed);
    expect(refusalsOf(error).map((each) => each.code)).toEqual(['OCTOPUS_TOKEN_REFUSED']);
    expect((error as Error).message).toMatch(said);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(signature);
  });

  it('is sent to no other address, whatever the configuration says', async () => {
    const elsewhere = await serve(() => ({ json: { access_token: 'x' } }));
    const told = await serve(() => ({ json: { token_endpoint: `${elsewhere.url}/token/v1` } }));
    expect(await failureOf(exchangeToken({ ...common(), url: told.url }, { subjectToken: token(), serviceAccountId: account }))).toMatchObject({ code: 'OCTOPUS_TOKEN_ELSEWHERE' });
    expect(elsewhere.seen).toEqual([]);
    expect(told.seen.map((each) => each.method)).toEqual(['GET']);
  });

  it('is exchanged at the usual place where Octopus does not say', async () => {
    const old = await serve(({ path }) => (path === '/token/v1' ? { json: { access_token: 'given' } } : { status: 404, json: { ErrorMessage: 'not found' } }));
    expect(await exchangeToken({ ...common(), url: old.url }, { subjectToken: token(), serviceAccountId: account })).toBe('given');
    expect(old.seen.every((each) => each.headers['x-octopus-apikey'] === undefined)).toBe(true);
    expect(JSON.parse(old.seen.at(-1)!.body)).toMatchObject({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', audience: account, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' });
  });
});

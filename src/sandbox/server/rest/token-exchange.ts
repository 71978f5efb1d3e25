import type { FastifyInstance } from 'fastify';
import { nextId } from '../database/database.ts';
import { generateApiKey, hashApiKey } from '../database/users.ts';
import type { ServerContext } from './context.ts';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const LASTS_SECONDS = 3_600;

interface Claims { iss?: string; sub?: string; aud?: string | string[]; exp?: number }

function claimsOf(token: unknown): Claims | null {
  const parts = typeof token === 'string' ? token.split('.') : [];
  if (parts.length !== 3) return null;
  try {
    return JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8')) as Claims;
  } catch {
    return null;
  }
}

/**
 * Exchanges a token of an identity provider for access as a service account (octopus-rest.md 2.1). Issuer, subject, audience and time are checked; the
 * signature is not, since the sandbox has no identity provider whose keys it could ask for.
 */
export function tokenExchangeRoutes(app: FastifyInstance, { database, uri }: ServerContext): void {
  app.get('/.well-known/openid-configuration', () => ({ issuer: uri, token_endpoint: `${uri}/token/v1` }));
  app.post('/token/v1', (request, reply) => {
    const refuse = (error: string, description: string) => reply.code(400).send({ error, error_description: description });
    const sent = JSON.parse(Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '{}') as Record<string, unknown>;
    if (sent['grant_type'] !== EXCHANGE || sent['subject_token_type'] !== JWT) return refuse('unsupported_grant_type', 'Only the exchange of a JWT is supported.');
    const account = database.read().Collections.Users.find((user) => user.Id === sent['audience'] && user.IsService && user.IsActive);
    const claims = claimsOf(sent['subject_token']);
    if (claims === null) return refuse('invalid_request', 'The subject token is no JWT.');
    if (account === undefined || ![claims.aud].flat().includes(account.Id)) return refuse('invalid_request', 'The audience is not a service account.');
    if (claims.exp === undefined || claims.exp * 1_000 < Date.now()) return refuse('invalid_request', 'The subject token has expired.');
    if (!(account.OidcIdentities ?? []).some((each) => each.Issuer === claims.iss && each.Subject === claims.sub)) return refuse('invalid_request', 'No OIDC identity of the service account has this issuer and subject.');
    const token = generateApiKey();
    database.write((content) => content.Collections.ApiKeys.push({ Id: nextId(content, 'ApiKeys'), UserId: account.Id, Hash: hashApiKey(token), Purpose: 'Access token' }));
    return { access_token: token, issued_token_type: JWT, token_type: 'Bearer', expires_in: LASTS_SECONDS };
  });
}

import { octopusErrors } from '../errors/octopus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import { failedWith } from './failure.ts';
import { createHttp, type Http } from './http.ts';
import { filledText, maybe, object, text } from './reader.ts';

/** Instead of an API key: what an identity provider said of who runs this, and the service account that trusts it. */
export interface OidcLogin { subjectToken: string; serviceAccountId: string }

/** Where Octopus exchanges tokens when it does not say. */
const DEFAULT_PATH = '/token/v1';

/**
 * Exchanges the token of an identity provider for one of Octopus, which lasts for a limited time (octopus-rest.md 2.1). The token goes to the address
 * that was given and nowhere else, whatever its configuration says. OCTOPUS_TOKEN_REFUSED when Octopus does not accept it.
 */
export async function exchangeToken(options: { url: string; clock: Clock; random: Random }, { subjectToken, serviceAccountId }: OidcLogin): Promise<string> {
  const http = createHttp({ ...options, apiKey: '', secrets: [subjectToken] });
  const path = await tokenPath(http);
  try {
    const { access_token: token } = await http.send('POST', path, object({ access_token: filledText }), {
      body: { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', audience: serviceAccountId, subject_token: subjectToken, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
    });
    return token;
  } catch (error) {
    if (!failedWith(error, 'OCTOPUS_REJECTED', 'OCTOPUS_UNAUTHORISED', 'OCTOPUS_FORBIDDEN', 'OCTOPUS_NOT_FOUND')) throw error;
    throw octopusErrors.OCTOPUS_TOKEN_REFUSED({ url: http.url, account: serviceAccountId, said: error.errorMessage }, error);
  }
}

async function tokenPath(http: Http): Promise<string> {
  let endpoint: string | null;
  try {
    endpoint = (await http.get('/.well-known/openid-configuration', object({ token_endpoint: maybe(text) }))).token_endpoint;
  } catch (error) {
    if (!failedWith(error, 'OCTOPUS_NOT_FOUND')) throw error;
    endpoint = null;
  }
  if (endpoint === null) return DEFAULT_PATH;
  if (!endpoint.startsWith(`${http.url}/`)) throw octopusErrors.OCTOPUS_TOKEN_ELSEWHERE({ url: http.url, endpoint });
  return endpoint.slice(http.url.length);
}

/** Requests to a server, as the account of an API key or, where that is given, as the service account that a token stands for. */
export async function loginTo({ oidc, ...options }: { url: string; apiKey: string; oidc?: OidcLogin; clock: Clock; random: Random }): Promise<Http> {
  const { url, apiKey, clock, random } = options;
  if (oidc === undefined) return createHttp({ url, apiKey, clock, random });
  return createHttp({ url, apiKey, bearer: await exchangeToken({ url, clock, random }, oidc), clock, random });
}

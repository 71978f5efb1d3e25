import type { AxiosInstance, AxiosResponse } from 'axios';
import { octopusErrors } from '../errors/octopus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import { requestPath, serverAddress, type Query } from './address.ts';
import { failedWith, failure, type OctopusFailure } from './failure.ts';
import { limiter } from './limit.ts';
import { either, list, maybe, object, ShapeError, text, type Reader } from './reader.ts';
import { retryDelay, type Outcome, type Repeatable } from './retry.ts';

export interface HttpOptions { url: string; /** Empty: none is sent. */ apiKey: string; /** A token that is sent instead of the API key. */ bearer?: string; /** Further texts that no message may show. */ secrets?: readonly string[]; clock: Clock; random: Random; /** Milliseconds for one call with its retries; default 60 000. */ deadlineMs?: number }

interface RequestOptions { query?: Query; deadlineMs?: number; repeatable?: Repeatable }
export interface SendOptions extends RequestOptions { body?: unknown; bytes?: { content: Uint8Array; type: string } }

/** Requests to one Octopus Server, answered with what a reader read. Every one is bounded in time, size and number at once. */
export interface Http {
  readonly url: string;
  get<T>(path: string, read: Reader<T>, options?: RequestOptions): Promise<T>;
  /** GET of raw bytes, whatever their type. */
  bytes(path: string): Promise<Uint8Array>;
  send<T>(method: 'POST' | 'PUT', path: string, read: Reader<T>, options: SendOptions): Promise<T>;
  /** DELETE; what is not there any more counts as deleted, since the answer to an earlier attempt may have been lost. */
  remove(path: string): Promise<void>;
  readonly clock: Clock;
}

const ATTEMPT_MS = 30_000;
const LARGEST_BYTES = 64 * 1024 * 1024;
const AT_ONCE = 4;

type Attempt = { response: AxiosResponse<Uint8Array> } | { code: string; reason: string };

/**
 * octopus-rest.md section 2. Redirections are refused, since a custom header with the key would follow them; connections are not reused, since a
 * restarted server resets idle ones and a POST must then be taken as perhaps processed; environment proxies are not used (Calamari sets
 * them for deployments, not for the way to the server itself). Errors carry neither key nor request.
 */
export function createHttp(options: HttpOptions): Http {
  const { clock, random, apiKey, bearer, secrets = [] } = options;
  const url = serverAddress(options.url);
  const limited = limiter(AT_ONCE);
  let axios: Promise<AxiosInstance> | undefined;
  // Loaded with the first request: a phase that refuses its inputs never needs it, and starting must be quick.
  const client = (): Promise<AxiosInstance> => (axios ??= import('axios').then((module) => module.default.create({ headers: { ...login, 'User-Agent': 'octopus-rotation', Accept: 'application/json', Connection: 'close' } })));
  const login: Record<string, string> = bearer !== undefined ? { Authorization: `Bearer ${bearer}` } : apiKey === '' ? {} : { 'X-Octopus-ApiKey': apiKey };
  const hidden = (said: string): string => [apiKey, bearer ?? '', ...secrets].filter((each) => each !== '').reduce((text, each) => text.replaceAll(each, '********'), said);

  async function attempt(method: string, path: string, sent: SendOptions, timeoutMs: number): Promise<Attempt> {
    const instance = await client();
    const aborted = new AbortController();
    const timer = new AbortController();
    clock.sleep(timeoutMs, timer.signal).then(() => aborted.abort(), () => undefined);
    const data = sent.bytes !== undefined ? Buffer.from(sent.bytes.content) : sent.body !== undefined ? Buffer.from(JSON.stringify(sent.body)) : undefined;
    try {
      const response = await instance.request<Uint8Array>({
        method, url: `${url}${path}`, responseType: 'arraybuffer', maxRedirects: 0, proxy: false, signal: aborted.signal,
        maxContentLength: LARGEST_BYTES, maxBodyLength: LARGEST_BYTES, validateStatus: () => true,
        ...(data === undefined ? {} : { data, headers: { 'Content-Type': sent.bytes?.type ?? 'application/json' } }),
      });
      return { response };
    } catch (error) {
      if (aborted.signal.aborted) return { code: 'ETIMEDOUT', reason: `no answer within ${Math.ceil(timeoutMs / 1000)} s` };
      const { code, message } = error as { code?: string; message?: string };
      if (code === 'ERR_BAD_RESPONSE' && message?.includes('maxContentLength') === true) return { code: 'TOO_LARGE', reason: '' };
      return { code: code ?? 'UNKNOWN', reason: hidden([code, message].filter((part) => part !== undefined && part !== '').join(', ')) };
    } finally {
      timer.abort();
    }
  }

  async function exchange(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, sent: SendOptions): Promise<AxiosResponse<Uint8Array>> {
    const full = requestPath(path, sent.query);
    const request = `${method} ${path}`;
    const repeatable = sent.repeatable ?? (method === 'GET' || method === 'DELETE' ? 'safe' : 'once');
    const until = clock.monotonic() + (sent.deadlineMs ?? options.deadlineMs ?? 60_000);
    for (let number = 1; ; number += 1) {
      const left = Math.max(1, until - clock.monotonic());
      const result = await limited(() => attempt(method, full, sent, Math.min(ATTEMPT_MS, left)));
      const outcome: Outcome = 'response' in result ? { kind: 'status', status: result.response.status, retryAfter: headerOf(result.response, 'retry-after') } : { kind: 'error', code: result.code };
      if ('response' in result && result.response.status < 300) return result.response;
      const delay = retryDelay(outcome, repeatable, number, (random.bytes(1)[0] ?? 0) / 256);
      if (delay === null || clock.monotonic() + delay >= until) {
        throw 'response' in result ? refused(request, result.response) : unreached(request, result.code, result.reason, method !== 'GET');
      }
      await clock.sleep(delay);
    }
  }

  function unreached(request: string, code: string, reason: string, sent: boolean): OctopusFailure {
    if (code === 'TOO_LARGE') return failure(octopusErrors.OCTOPUS_TOO_LARGE({ request, url, limitBytes: LARGEST_BYTES }));
    if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(code)) return failure(octopusErrors.OCTOPUS_CERTIFICATE_UNTRUSTED({ request, url, reason: code }));
    const never = code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN';
    return failure(octopusErrors.OCTOPUS_UNREACHABLE({ request, url, reason, sent: sent && !never }));
  }

  function refused(request: string, response: AxiosResponse<Uint8Array>): OctopusFailure {
    const { status } = response;
    if (status >= 300 && status < 400) return failure(octopusErrors.OCTOPUS_REDIRECTED({ request, url, status, location: hidden(headerOf(response, 'location') ?? 'nowhere') }), { status, errorMessage: '', errors: [] });
    const told = errorBody(response);
    const facts = { status, errorMessage: hidden(told?.ErrorMessage ?? ''), errors: (told?.Errors ?? []).map(hidden) };
    const said = [facts.errorMessage, ...facts.errors].filter((part) => part !== '').join(' ');
    const values = { request, url, status, said };
    // 502 and 504 are a proxy's words for a server that does not answer; 503 may come from either, and both pass.
    if (status === 503) return failure(octopusErrors.OCTOPUS_STARTING(values), facts);
    if (status === 502 || status === 504) return failure(octopusErrors.OCTOPUS_UNREACHABLE({ request, url, reason: `a proxy answered ${status}`, sent: !request.startsWith('GET') }), facts);
    if (told === null && status !== 429) return notJson(request, response);
    if (status === 401) return failure(octopusErrors.OCTOPUS_UNAUTHORISED(values), facts);
    if (status === 403) return failure(octopusErrors.OCTOPUS_FORBIDDEN({ ...values, permission: /Missing permission: (\w{1,60})/.exec(said)?.[1] ?? null }), facts);
    if (status === 404) return failure(octopusErrors.OCTOPUS_NOT_FOUND(values), facts);
    if (status === 429) return failure(octopusErrors.OCTOPUS_LIMITED(values), facts);
    return failure(status >= 500 ? octopusErrors.OCTOPUS_FAILED(values) : octopusErrors.OCTOPUS_REJECTED(values), facts);
  }

  function notJson(request: string, response: AxiosResponse<Uint8Array>): OctopusFailure {
    const beginning = hidden(Buffer.from(response.data).toString('utf8', 0, 400));
    return failure(octopusErrors.OCTOPUS_NOT_JSON({ request, url, status: response.status, contentType: headerOf(response, 'content-type') ?? '', beginning }), { status: response.status, errorMessage: '', errors: [] });
  }

  function answer<T>(request: string, response: AxiosResponse<Uint8Array>, read: Reader<T>): T {
    let value: unknown;
    if (response.data.length > 0) {
      try {
        value = JSON.parse(Buffer.from(response.data).toString('utf8'));
      } catch {
        throw notJson(request, response);
      }
    }
    try {
      return read(value, 'the answer');
    } catch (error) {
      if (error instanceof ShapeError) throw failure(octopusErrors.OCTOPUS_UNEXPECTED({ request, url, problem: hidden(error.message) }), { status: response.status, errorMessage: '', errors: [] });
      throw error;
    }
  }

  return {
    url,
    clock,
    get: async (path, read, more = {}) => answer(`GET ${path}`, await exchange('GET', path, more), read),
    bytes: async (path) => new Uint8Array((await exchange('GET', path, {})).data),
    send: async (method, path, read, more) => answer(`${method} ${path}`, await exchange(method, path, more), read),
    remove: async (path) => {
      await exchange('DELETE', path, {}).catch((error: unknown) => {
        if (!failedWith(error, 'OCTOPUS_NOT_FOUND')) throw error;
      });
    },
  };
}

const errorShape = object({ ErrorMessage: maybe(text), Errors: either(list(text), []), error: maybe(text), error_description: maybe(text) });

/** Only `ErrorMessage` is certain (octopus-rest.md 2.3); the exchange of tokens has its own two (2.1). null: not an error of Octopus. */
function errorBody(response: AxiosResponse<Uint8Array>): { ErrorMessage: string | null; Errors: string[] } | null {
  if (response.data.length === 0) return { ErrorMessage: null, Errors: [] };
  try {
    const { ErrorMessage, Errors, error, error_description: described } = errorShape(JSON.parse(Buffer.from(response.data).toString('utf8')), 'error');
    return { ErrorMessage: ErrorMessage ?? ([error, described].filter((part) => part !== null).join(': ') || null), Errors };
  } catch {
    return null;
  }
}

function headerOf(response: AxiosResponse, name: string): string | null {
  const value: unknown = (response.headers as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : null;
}

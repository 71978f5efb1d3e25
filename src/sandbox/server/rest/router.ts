import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { demand, isAdministrator, maySee, userOf } from './access.ts';
import { badRequest, errorBody, forbidden, notFound, notLoggedIn, RestError } from './errors.ts';
import { RequestLimit } from './request-limit.ts';
import { differencesOf, type VersionDifferences } from '../version-differences.ts';
import type { ServerContext } from './context.ts';
import type { Collections, Space, User } from '../database/documents.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One authenticated request. */
export interface Call {
  context: ServerContext;
  request: FastifyRequest;
  reply: FastifyReply;
  user: User;
  /** The space that the address names, or the default one; null on system routes. */
  space: Space | null;
  params: Record<string, string>;
  /** Names in lower case. */
  query: Map<string, string>;
  /** JSON of the body; undefined when there is none. */
  readonly body: unknown;
  /** The body as it came. */
  bytes: Buffer;
  /** The database now; not to be changed. */
  all: Collections;
}
export type SpaceCall = Call & { space: Space };

export interface RouteOptions {
  /** Permission that every request needs, in the space (space routes) or system-wide. */
  permission?: string;
  /** A write that maintenance mode does not stop. */
  duringMaintenance?: boolean;
  /** A POST that changes nothing. */
  readOnly?: boolean;
  /** Only there in versions that have it. */
  since?: keyof VersionDifferences;
}

const spaceOfRequest = new WeakMap<IncomingMessage, string>();

/**
 * Brings the three forms of an address to one (octopus-rest.md 2.2): `/api/Spaces-1/X` and `/api/spaces/default/X` become
 * `/api/X` with the space kept beside; POST with X-HTTP-Method-Override becomes that method.
 */
export function rewriteUrl(request: IncomingMessage): string {
  const override = request.headers['x-http-method-override'];
  if (request.method === 'POST' && typeof override === 'string' && /^(put|delete)$/i.test(override)) request.method = override.toUpperCase();
  const [path = '', ...rest] = (request.url ?? '/').split('?');
  const suffix = rest.length > 0 ? `?${rest.join('?')}` : '';
  const trimmed = path.length > 1 ? path.replace(/\/+$/, '') : path;
  const byId = /^\/api\/(Spaces-\d+)(\/.*)?$/i.exec(trimmed);
  const bySpaces = /^\/api\/spaces\/([^/]+)(\/.+)$/i.exec(trimmed);
  const found = byId ?? bySpaces;
  if (!found) return trimmed + suffix;
  spaceOfRequest.set(request, decodeURIComponent(found[1] ?? ''));
  return `/api${found[2] ?? ''}${suffix}`;
}

function queryOf(request: FastifyRequest): Map<string, string> {
  const entries = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(request.url.split('?').slice(1).join('?'))) {
    const key = name.toLowerCase();
    entries.set(key, entries.has(key) ? `${entries.get(key)},${value}` : value);
  }
  return entries;
}

function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '').trim();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`The request body is not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function apiKeyOf(request: FastifyRequest): string | null {
  const header = request.headers['x-octopus-apikey'] ?? request.headers['x-nuget-apikey'];
  if (typeof header === 'string') return header;
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '');
  return bearer?.[1] ?? queryOf(request).get('apikey') ?? null;
}

interface Known { method: Method; pattern: RegExp }

/** Registers the routes of every noun, with log-in, visibility, permission and maintenance mode decided in one place. */
export class Router {
  readonly #known: Known[] = [];
  readonly #limit: RequestLimit | null;
  constructor(private readonly app: FastifyInstance, readonly context: ServerContext) {
    this.#limit = differencesOf(context.version).limitsRequests ? new RequestLimit() : null;
  }

  /** `/api` is prefixed. The address may name a space; without one it is the default space. */
  space(method: Method, path: string, options: RouteOptions, handler: (call: SpaceCall) => unknown): void {
    this.#route(method, path, async (request, reply) => {
      const call = this.#call(request, reply, options, 'space') as SpaceCall;
      return handler(call);
    });
  }

  /** The address names no space. */
  system(method: Method, path: string, options: RouteOptions, handler: (call: Call) => unknown): void {
    this.#route(method, path, async (request, reply) => handler(this.#call(request, reply, options, 'system')));
  }

  /** With or without a space in the address; `call.space` is null without. */
  either(method: Method, path: string, options: RouteOptions, handler: (call: Call) => unknown): void {
    this.#route(method, path, async (request, reply) => handler(this.#call(request, reply, options, 'either')));
  }

  /** Without a space in the address no log-in is needed; with one it is. */
  openOrSpace(path: string, open: () => unknown, scoped: (call: SpaceCall) => unknown): void {
    this.#route('GET', path, async (request, reply) => (spaceOfRequest.has(request.raw) ? scoped(this.#call(request, reply, {}, 'space') as SpaceCall) : open()));
  }

  /** No log-in. */
  open(path: string, handler: (reply: FastifyReply) => unknown): void {
    this.#route('GET', path, async (_request, reply) => handler(reply));
  }

  /** 404, loudly, or 405 when only the method is wrong. */
  unknown(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const path = request.url.split('?')[0] ?? '';
    if (this.#known.some(({ pattern }) => pattern.test(path))) {
      return reply.code(405).send(errorBody(`The resource does not support the method ${request.method}.`));
    }
    const line = `sandbox: unknown route ${request.method} ${request.originalUrl}`;
    this.context.log.write('ERROR', line);
    this.context.truth.event('unknown-route', { method: request.method, url: (request.originalUrl ?? '').split('?')[0] });
    return reply.code(404).send(errorBody(`The resource you requested was not found. (${line})`));
  }

  #route(method: Method, path: string, handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>): void {
    const url = `/api${path}`;
    this.#known.push({ method, pattern: new RegExp(`^${url.replace(/:[A-Za-z]+/g, '[^/]+')}$`, 'i') });
    this.app.route({
      method, url,
      handler: async (request, reply) => {
        const result = await handler(request, reply);
        return reply.sent ? reply : reply.send(result === undefined ? '' : result);
      },
    });
  }

  #call(request: FastifyRequest, reply: FastifyReply, options: RouteOptions, scope: 'space' | 'system' | 'either'): Call {
    const all = this.context.database.read().Collections;
    const key = apiKeyOf(request);
    const user = key === null ? null : userOf(all, key);
    if (!user) throw notLoggedIn();
    if (options.since !== undefined && differencesOf(this.context.version)[options.since] !== true) throw new RestError(404, 'The resource you requested was not found.');
    this.#limit?.take(user.Id);
    const named = spaceOfRequest.get(request.raw);
    if (named !== undefined && scope === 'system') throw new RestError(404, `The resource you requested was not found. (sandbox: ${request.url.split('?')[0]} belongs to no space)`);
    const space = this.#spaceOf(all, user, named, scope);
    if (options.permission) demand(user, options.permission, space?.Id ?? null);
    const changes = request.method !== 'GET' && !options.readOnly;
    if (changes && !options.duringMaintenance && all.Maintenance[0]?.IsInMaintenanceMode && !isAdministrator(user)) throw forbidden('AdministerSystem');
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    return { context: this.context, request, reply, user, space, params: request.params as Record<string, string>, query: queryOf(request), bytes, get body() { return parseJson(bytes); }, all };
  }

  #spaceOf(all: Collections, user: User, named: string | undefined, scope: 'space' | 'system' | 'either'): Space | null {
    if (named === undefined && scope !== 'space') return null;
    const wanted = named?.toLowerCase();
    const space = all.Spaces.find((candidate) => (wanted === undefined ? candidate.IsDefault : candidate.Id.toLowerCase() === wanted || candidate.Slug === wanted || candidate.Name.toLowerCase() === wanted));
    if (!space || !maySee(user, space)) throw notFound(named ?? 'Spaces-1');
    return space;
  }
}

/** The document with this id in the space of the call, or 404. Ids ignore case. */
export function inSpace<T extends { Id: string; SpaceId: string | null }>(call: SpaceCall, items: T[], id: string): T {
  const found = items.find((item) => item.SpaceId === call.space.Id && item.Id.toLowerCase() === id.toLowerCase());
  if (!found) throw notFound(id);
  return found;
}

export const ofSpace = <T extends { SpaceId: string | null }>(call: SpaceCall, items: T[]): T[] => items.filter((item) => item.SpaceId === call.space.Id);

/** Stamps a changed document. */
export function touch<T extends { LastModifiedOn?: string; LastModifiedBy?: string }>(call: Call, document: T): T {
  document.LastModifiedOn = new Date().toISOString();
  document.LastModifiedBy = call.user.Username;
  return document;
}

/** 201 with a Location, as for every created resource. */
export function created(call: Call, resource: Record<string, unknown>): Record<string, unknown> {
  call.reply.code(201);
  const self = (resource.Links as Record<string, string> | undefined)?.Self;
  if (self) call.reply.header('location', self);
  return resource;
}

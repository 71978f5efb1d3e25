import type { FastifyInstance } from 'fastify';
import type { ServerContext } from './context.ts';
import { errorBody, forbidden } from './errors.ts';

const page = '<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n';

/** Start-up, stopping and the faults that strike before a request is processed. */
export function faultHooks(app: FastifyInstance, context: ServerContext): void {
  app.addHook('onRequest', async (request, reply) => {
    const { faults, phase } = context;
    const path = (request.originalUrl ?? request.url).split('?')[0] ?? '';
    if (phase !== 'ready') return reply.code(503).send(errorBody(phase === 'starting' ? 'Octopus Server is starting. Please wait.' : 'Octopus Server is shutting down.'));
    const drop = faults.current().dropConnections;
    if (!(typeof drop === 'object' && drop.after === true) && faults.strikes('dropConnections', path, request.method)) {
      reply.hijack();
      request.raw.socket.destroy();
      return undefined;
    }
    if (faults.strikes('unavailable', path, request.method)) return reply.code(503).send(errorBody('Octopus Server is unavailable.'));
    if (faults.strikes('tooManyRequests', path, request.method)) {
      const fault = faults.current().tooManyRequests;
      if (typeof fault === 'object' && fault.retryAfter !== undefined) void reply.header('retry-after', String(fault.retryAfter));
      return reply.code(429).send(errorBody('Too many requests.'));
    }
    if (faults.strikes('forbidden', path, request.method)) {
      const fault = faults.current().forbidden;
      return reply.code(403).send(forbidden((typeof fault === 'object' ? fault.permission : undefined) ?? 'MachineEdit').body());
    }
    if (faults.strikes('html', path, request.method)) return reply.type('text/html; charset=utf-8').send(page);
    return undefined;
  });
  app.addHook('onSend', async (request, _reply, payload) => {
    const drop = context.faults.current().dropConnections;
    if (typeof drop === 'object' && drop.after === true && context.phase === 'ready' && context.faults.strikes('dropConnections', (request.originalUrl ?? request.url).split('?')[0] ?? '', request.method)) request.raw.socket.destroy();
    return payload;
  });
}

import Fastify, { type FastifyInstance } from 'fastify';
import multipart from '@fastify/multipart';
import { type ArtifactStore } from '../artifacts.ts';
import { type PackageStore } from '../packages.ts';
import { actionTemplateRoutes } from './action-templates.ts';
import { artifactRoutes } from './artifacts.ts';
import { certificateRoutes } from './certificates.ts';
import type { ServerContext } from './context.ts';
import { errorBody, RestError } from './errors.ts';
import { estateRoutes } from './estate-nouns.ts';
import { faultHooks } from './fault-hooks.ts';
import { interruptionRoutes } from './interruptions.ts';
import { machineRoutes } from './machines.ts';
import { packageRoutes } from './packages.ts';
import { projectTriggerRoutes } from './project-triggers.ts';
import { projectRoutes } from './projects.ts';
import { rewriteUrl, Router } from './router.ts';
import { rootRoutes } from './root.ts';
import { runbookProcessRoutes } from './runbook-processes.ts';
import { runbookRunRoutes } from './runbook-runs.ts';
import { runbookSnapshotRoutes } from './runbook-snapshots.ts';
import { runbookRoutes } from './runbooks.ts';
import { serverNodeRoutes } from './server-nodes.ts';
import { serverStatusRoutes } from './server-status.ts';
import { spaceRoutes } from './spaces.ts';
import { taskRoutes } from './tasks.ts';
import { tokenExchangeRoutes } from './token-exchange.ts';
import { userRoutes } from './users.ts';
import { variableRoutes } from './variables.ts';

const bodyLimit = 256 * 1024 * 1024;

/** The REST API of one server process (octopus-rest.md). Listens when told to; answers 503 until the context says `ready`. */
export async function createApp(context: ServerContext, stores: { packages: PackageStore; artifacts: ArtifactStore }): Promise<FastifyInstance> {
  const app = Fastify({ logger: false, bodyLimit, rewriteUrl, routerOptions: { caseSensitive: false, maxParamLength: 500 }, forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  await app.register(multipart, { limits: { fileSize: bodyLimit, files: 1 } });
  faultHooks(app, context);
  const router = new Router(app, context);
  app.setNotFoundHandler((request, reply) => router.unknown(request, reply));
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (error instanceof RestError) return reply.code(error.status).headers(error.headers).send(error.body());
    if (error.statusCode !== undefined && error.statusCode < 500) return reply.code(error.statusCode).send(errorBody(error.message));
    context.log.write('ERROR', `${request.method} ${request.url.split('?')[0]}: ${error.stack ?? error.message}`);
    return reply.code(500).send(errorBody('There was a problem with the request.', [error.message]));
  });
  rootRoutes(router);
  for (const routes of [spaceRoutes, userRoutes, serverStatusRoutes, serverNodeRoutes, certificateRoutes, taskRoutes, machineRoutes, estateRoutes, projectRoutes, runbookRoutes, runbookProcessRoutes, runbookSnapshotRoutes, runbookRunRoutes, interruptionRoutes, projectTriggerRoutes, variableRoutes, actionTemplateRoutes]) routes(router);
  tokenExchangeRoutes(app, context);
  packageRoutes(router, stores.packages);
  artifactRoutes(router, stores.artifacts);
  await app.ready();
  return app;
}

import { isRunning } from '../tasks/queue.ts';
import { bodyOf } from './body.ts';
import { badRequest, notFound } from './errors.ts';
import { filtered, page } from './paging.ts';
import { touch, type Call, type Router } from './router.ts';
import type { Collections, ServerNode } from '../database/documents.ts';

const self = (node: ServerNode) => `/api/octopusservernodes/${node.Id}`;
const resource = (node: ServerNode) => ({ Id: node.Id, Name: node.Name, LastSeen: node.LastSeen, Rank: 'Unknown', MaxConcurrentTasks: node.MaxConcurrentTasks, IsInMaintenanceMode: node.IsInMaintenanceMode, LastModifiedOn: node.LastModifiedOn ?? null, LastModifiedBy: node.LastModifiedBy ?? null, Links: { Self: self(node), Node: self(node), Details: `${self(node)}/details` } });
const runningOn = (all: Collections, node: ServerNode) => all.ServerTasks.filter((task) => isRunning(task.State) && task.ServerNode === node.Name);

function nodeOf(call: Call): ServerNode {
  const node = call.all.OctopusServerNodes.find(({ Id }) => Id.toLowerCase() === (call.params.id ?? '').toLowerCase());
  if (!node) throw notFound(call.params.id ?? '');
  return node;
}

/** Nodes; `IsInMaintenanceMode` is the drain flag of one node (octopus-rest.md 3.3). */
export function serverNodeRoutes(router: Router): void {
  const { context } = router;
  const isOffline = (node: ServerNode) => Date.now() - Date.parse(node.LastSeen) > context.offlineAfterMs;
  const versionOf = (node: ServerNode) => node.Version ?? context.database.read().ServerVersion;
  router.open('/octopusservernodes/ping', (reply) => {
    const { Collections } = context.database.read();
    const node = Collections.OctopusServerNodes.find(({ Name }) => Name === context.nodeName);
    if (!node) throw notFound(context.nodeName);
    reply.code(node.IsInMaintenanceMode || isOffline(node) ? 418 : 200);
    return { Id: node.Id, Name: node.Name, LastSeen: node.LastSeen, IsOffline: isOffline(node), MaxConcurrentTasks: node.MaxConcurrentTasks, IsInMaintenanceMode: node.IsInMaintenanceMode, Version: context.version, Links: { Self: '/api/octopusservernodes/ping', Node: self(node) } };
  });
  router.system('GET', '/octopusservernodes', {}, (call) => page(call, 'OctopusServerNode', '/api/octopusservernodes', filtered(call, call.all.OctopusServerNodes), resource));
  router.system('GET', '/octopusservernodes/all', {}, (call) => filtered(call, call.all.OctopusServerNodes).map(resource));
  router.system('GET', '/octopusservernodes/summary', {}, (call) => ({
    Nodes: call.all.OctopusServerNodes.map((node) => ({ ...resource(node), IsOffline: isOffline(node), RunningTaskCount: runningOn(call.all, node).length, Version: versionOf(node) })), Links: { Self: '/api/octopusservernodes/summary' },
  }));
  router.system('GET', '/octopusservernodes/:id', {}, (call) => resource(nodeOf(call)));
  router.system('GET', '/octopusservernodes/:id/details', {}, (call) => {
    const running = runningOn(call.all, nodeOf(call));
    return { RunningTasks: running.map(({ Id, Name, Description, SpaceId, State }) => ({ Id, Name, Description, SpaceId, State, Links: { Self: `/api/tasks/${Id}` } })), RunningTaskCount: running.length, Links: { Self: `${self(nodeOf(call))}/details` } };
  });
  router.system('PUT', '/octopusservernodes/:id', { permission: 'AdministerSystem' }, (call) => {
    const { Id } = nodeOf(call);
    const { MaxConcurrentTasks, IsInMaintenanceMode } = bodyOf(call.body);
    // Both are the whole writable state: a body that lacks one would silently reset it on a real server.
    if (typeof MaxConcurrentTasks !== 'number' || !Number.isInteger(MaxConcurrentTasks) || MaxConcurrentTasks < 0) throw badRequest('MaxConcurrentTasks must be a whole number, 0 or more.');
    if (typeof IsInMaintenanceMode !== 'boolean') throw badRequest('IsInMaintenanceMode must be true or false.');
    const node = context.database.write(({ Collections }) => {
      const stored = Collections.OctopusServerNodes.find((candidate) => candidate.Id === Id) as ServerNode;
      return { ...touch(call, Object.assign(stored, { MaxConcurrentTasks, IsInMaintenanceMode })) };
    });
    context.truth.event('drain-changed', { node: node.Name, drained: node.IsInMaintenanceMode });
    context.queue.pump();
    return resource(node);
  });
}

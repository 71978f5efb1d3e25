import { segment } from './address.ts';
import type { ServerNode } from './contract.ts';
import type { Http } from './http.ts';
import { count, document, either, filledText, flag, list, mapped, maybe, object, text } from './reader.ts';

const node = object({ Id: filledText, Name: filledText, LastSeen: either(text, ''), IsOffline: flag, IsInMaintenanceMode: flag, MaxConcurrentTasks: count, RunningTaskCount: maybe(count), Version: either(text, '') });

/** Every node of the cluster; `isDraining` is the node's own flag, not maintenance mode (octopus-rest.md 3.3). */
export async function readNodes(http: Http): Promise<ServerNode[]> {
  const { Nodes } = await http.get('/api/octopusservernodes/summary', object({ Nodes: list(node) }));
  return Promise.all(Nodes.map(async (each) => ({
    id: each.Id,
    name: each.Name,
    isOffline: each.IsOffline,
    isDraining: each.IsInMaintenanceMode,
    maxConcurrentTasks: each.MaxConcurrentTasks,
    runningTasks: each.RunningTaskCount ?? (await readRunningTasks(http, each.Id)),
    version: each.Version,
    lastSeen: each.LastSeen,
  })));
}

async function readRunningTasks(http: Http, id: string): Promise<number> {
  const running = await http.get(`/api/octopusservernodes/${segment(id)}/details`, object({ RunningTasks: (value: unknown, at: string) => (Array.isArray(value) ? value.length : count(value, at)) }));
  return running.RunningTasks;
}

/** Drains or undrains; writes nothing when it is so already. The other writable field goes back as it was (octopus-rest.md 3.3). */
export async function drainNode(http: Http, id: string, draining: boolean): Promise<void> {
  const path = `/api/octopusservernodes/${segment(id)}`;
  const found = await http.get(path, mapped(document, (whole) => ({ whole, checked: object({ IsInMaintenanceMode: flag, MaxConcurrentTasks: count })(whole, 'the answer') })));
  if (found.checked.IsInMaintenanceMode === draining) return;
  await http.send('PUT', path, object({ IsInMaintenanceMode: flag }), { body: { ...found.whole, IsInMaintenanceMode: draining }, repeatable: 'safe' });
}

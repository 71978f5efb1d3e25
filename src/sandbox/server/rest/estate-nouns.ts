import { pathOf, readRoutes, selfLink } from './collection.ts';
import { page } from './paging.ts';
import type { Router } from './router.ts';

/** Nouns that are made at creation and only read: environments, pools, policies, groups, lifecycles, feeds; and those that are always empty. */
export function estateRoutes(router: Router): void {
  readRoutes(router, { noun: 'environments', collection: 'Environments', itemType: 'Environment', permission: 'EnvironmentView', order: (a, b) => a.SortOrder - b.SortOrder, toResource: (call, item) => ({ ...item, ...selfLink(call, 'environments', item.Id, { Machines: `${pathOf(call, 'environments', item.Id)}/machines{?skip,take}` }) }) });
  readRoutes(router, { noun: 'workerpools', collection: 'WorkerPools', itemType: 'WorkerPool', permission: 'WorkerView', order: (a, b) => a.SortOrder - b.SortOrder, toResource: (call, item) => ({ ...item, ...selfLink(call, 'workerpools', item.Id, { Workers: `${pathOf(call, 'workerpools', item.Id)}/workers{?skip,take}` }) }) });
  readRoutes(router, { noun: 'machinepolicies', collection: 'MachinePolicies', itemType: 'MachinePolicy', permission: 'MachineView', toResource: (call, item) => ({ ...item, ...selfLink(call, 'machinepolicies', item.Id) }) });
  readRoutes(router, { noun: 'projectgroups', collection: 'ProjectGroups', itemType: 'ProjectGroup', permission: 'ProjectView', toResource: (call, item) => ({ ...item, Description: '', EnvironmentIds: [], ...selfLink(call, 'projectgroups', item.Id) }) });
  readRoutes(router, { noun: 'lifecycles', collection: 'Lifecycles', itemType: 'Lifecycle', permission: 'ProjectView', toResource: (call, item) => ({ ...item, Description: '', Phases: [], ...selfLink(call, 'lifecycles', item.Id) }) });
  readRoutes(router, { noun: 'feeds', collection: 'Feeds', itemType: 'Feed', permission: 'FeedView', toResource: (call, item) => ({ ...item, ...selfLink(call, 'feeds', item.Id) }) });
  for (const [noun, itemType] of [['tenants', 'Tenant'], ['proxies', 'Proxy']] as const) {
    router.space('GET', `/${noun}`, {}, (call) => page(call, itemType, pathOf(call, noun), [], (item) => item));
    router.space('GET', `/${noun}/all`, {}, () => []);
  }
}

import type { Thumbprint } from '../certificates/thumbprint.ts';
import type { EntryData, OutOfScope, PlannedMachine } from '../journal/contract.ts';
import type { OctopusClient, Registration, Space } from '../octopus/contract.ts';
import { routeOf, type Route } from '../gates/routes.ts';

/** Everything registered with a server, sorted by what can be done with it. */
export interface Inventory {
  spaces: { id: string; name: string; targets: number; workers: number }[];
  /** As read, of all spaces. */
  registrations: Registration[];
  machines: PlannedMachine[];
  outOfScope: OutOfScope[];
  /** Machines that trust the server certificate and that this version cannot rotate. */
  unsupported: { name: string; space: string; reason: string }[];
  /** Those of them that only lack a full health check, which tells their shell. */
  unchecked: Registration[];
}

/** The part of a plan that is read from what is registered. Waived machines of an unserved kind are cut off by the swap, on purpose and by name. */
export function scopeOf(inventory: Inventory): Pick<EntryData['planned'], 'spaces' | 'machines' | 'outOfScope'> {
  const waived = inventory.unsupported.map((one) => ({ name: one.name, kind: 'waived', spaceName: one.space, reason: `waived although ${one.reason}` }));
  return { spaces: inventory.spaces, machines: inventory.machines, outOfScope: [...inventory.outOfScope, ...waived] };
}

/**
 * Reads targets and workers of every space (A9) and groups the registrations of one Tentacle by its thumbprint and address (A26), so
 * that each is touched once. `own` is the thumbprint of the host's own Tentacle (A41).
 */
export async function readInventory(octopus: OctopusClient, spaces: Space[], own: Thumbprint): Promise<Inventory> {
  const inventory: Inventory = { spaces: [], registrations: [], machines: [], outOfScope: [], unsupported: [], unchecked: [] };
  const found: Found[] = [];
  const groups = new Map<string, Registered[]>();
  for (const space of spaces) {
    const registrations = await octopus.registrations(space.id);
    inventory.spaces.push({
      id: space.id,
      name: space.name,
      targets: registrations.filter((one) => one.kind === 'target').length,
      workers: registrations.filter((one) => one.kind === 'worker').length,
    });
    for (const registration of registrations) {
      inventory.registrations.push(registration);
      const route = routeOf(registration);
      if (route.route === 'out-of-scope') inventory.outOfScope.push({ name: registration.name, kind: route.kind, spaceName: space.name, reason: route.reason });
      else if (route.route === 'unsupported') inventory.unsupported.push({ name: registration.name, space: space.name, reason: route.reason });
      else found.push({ registration, space, route });
    }
  }
  const keyOf = ({ registration }: Found) => machineKey(registration.thumbprint!, registration.uri!);
  // The shell is the machine's: another registration of the same Tentacle may have told it.
  const known = new Map(found.flatMap((one) => (isChecked(one) ? [[keyOf(one), one.route]] : [])));
  for (const one of found) {
    const key = keyOf(one);
    const { registration, space } = one;
    const route = known.get(key);
    if (route) groups.set(key, [...(groups.get(key) ?? []), { registration, space, route }]);
    else if (one.route.route === 'unchecked') {
      inventory.unsupported.push({ name: registration.name, space: space.name, reason: one.route.reason });
      inventory.unchecked.push(registration);
    }
  }
  for (const [key, group] of groups) inventory.machines.push(plannedMachine(key, group, own));
  inventory.machines.sort((a, b) => (a.key < b.key ? -1 : 1));
  return inventory;
}

interface Found { registration: Registration; space: Space; route: Exclude<Route, { route: 'out-of-scope' | 'unsupported' }> }
type Registered = Found & { route: { route: 'listening' | 'polling' } }

const isChecked = (one: Found): one is Registered => one.route.route !== 'unchecked';

/** By which key a registration names its Tentacle; null for one that names none. */
export function registeredKey({ thumbprint, uri }: Pick<Registration, 'thumbprint' | 'uri'>): string | null {
  return thumbprint !== null && uri !== null && URL.canParse(uri) ? machineKey(thumbprint, uri) : null;
}

/** Own thumbprint and where it answers; for a polling Tentacle its subscription, which is compared as it is written. */
function machineKey(thumbprint: Thumbprint, uri: string): string {
  if (/^poll:/i.test(uri)) return `${thumbprint}@${uri.replace(/\/+$/, '')}`;
  const { hostname, port } = new URL(uri);
  return `${thumbprint}@${hostname.toLowerCase()}:${port || '443'}`;
}

function plannedMachine(key: string, group: Registered[], own: Thumbprint): PlannedMachine {
  const first = group[0]!.registration;
  const { route, shell } = group[0]!.route;
  return {
    key,
    aliases: [],
    name: first.name,
    own: first.thumbprint!,
    uri: first.uri!,
    address: route === 'listening' ? addressOf(first.uri!) : null,
    route,
    shell,
    isHost: first.thumbprint === own,
    // Octopus reaches it through any registration that is enabled.
    isDisabled: group.every(({ registration }) => registration.isDisabled),
    viaProxy: group.every(({ registration }) => registration.proxyId !== null),
    environmentIds: [...new Set(group.flatMap(({ registration }) => registration.environmentIds))].sort(),
    registrations: group.map(({ registration, space }) => ({ id: registration.id, kind: registration.kind, spaceId: space.id, spaceName: space.name, name: registration.name, isDisabled: registration.isDisabled })),
  };
}

/** Where a listening Tentacle is dialled. */
export function addressOf(uri: string): { host: string; port: number } {
  const url = new URL(uri);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || '443') };
}

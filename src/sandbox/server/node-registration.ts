import type { Database } from './database/database.ts';

/** A node that starts is in the list of nodes, under the name that its configuration has now; after a rename the old one stays, offline. */
export function registerNode(database: Database, { name, version, webPort }: { name: string; version: string; webPort: number }): void {
  database.write(({ Collections }) => {
    const LastSeen = new Date().toISOString();
    const known = Collections.OctopusServerNodes.find(({ Name }) => Name === name);
    if (known) Object.assign(known, { LastSeen, Version: version, WebPort: webPort });
    else Collections.OctopusServerNodes.push({ Id: `OctopusServerNodes-${name}`, Name: name, LastSeen, MaxConcurrentTasks: 5, IsInMaintenanceMode: false, WebPort: webPort, Version: version });
  });
}

export function giveSignOfLife(database: Database, name: string): void {
  database.write(({ Collections }) => {
    const node = Collections.OctopusServerNodes.find(({ Name }) => Name === name);
    if (node) node.LastSeen = new Date().toISOString();
  });
}

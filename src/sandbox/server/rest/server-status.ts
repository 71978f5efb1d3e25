import os from 'node:os';
import { bodyOf, BodyReader } from './body.ts';
import type { Router } from './router.ts';
import { touch } from './router.ts';
import type { Maintenance } from '../database/documents.ts';

/** Status, health, maintenance mode (octopus-rest.md 3.2, 3.4). */
export function serverStatusRoutes(router: Router): void {
  const { context } = router;
  router.system('GET', '/serverstatus', {}, (call) => ({
    Id: 'serverstatus', IsDatabaseEncrypted: true, IsMajorMinorUpgrade: false, IsInMaintenanceMode: call.all.Maintenance[0]?.IsInMaintenanceMode ?? false, IsUpgradeAvailable: false, MaximumAvailableVersion: context.database.read().ServerVersion, MaintenanceExpires: null,
    Links: { Self: '/api/serverstatus', Health: '/api/serverstatus/health', SystemInfo: '/api/serverstatus/system-info' },
  }));
  router.open('/serverstatus/health', (reply) => {
    const nodes = context.database.read().Collections.OctopusServerNodes;
    const draining = nodes.every(({ IsInMaintenanceMode }) => IsInMaintenanceMode);
    reply.code(draining ? 418 : 200);
    return { Description: draining ? 'All nodes are draining tasks.' : 'Octopus Server is operating normally.', IsOperatingNormally: !draining, IsEntireClusterReadOnly: false, IsEntireClusterDrainingTasks: draining, IsCompliantWithLicense: true };
  });
  router.system('GET', '/serverstatus/system-info', { permission: 'AdministerSystem' }, () => ({
    Version: context.version, OSVersion: `${os.type()} ${os.release()}`, Uptime: new Date(Date.now() - context.startedAt.getTime()).toISOString().slice(11, 19), ThreadCount: 1, WorkingSetBytes: process.memoryUsage().rss, ClrVersion: '', Links: { Self: '/api/serverstatus/system-info' },
  }));
  const maintenance = (on: boolean) => ({ Id: 'maintenance', IsInMaintenanceMode: on, Links: { Self: '/api/maintenanceconfiguration' } });
  router.system('GET', '/maintenanceconfiguration', {}, (call) => maintenance(call.all.Maintenance[0]?.IsInMaintenanceMode ?? false));
  router.system('PUT', '/maintenanceconfiguration', { permission: 'AdministerSystem' }, (call) => {
    const read = new BodyReader(bodyOf(call.body));
    const IsInMaintenanceMode = read.flag('IsInMaintenanceMode', false);
    read.check();
    context.database.write(({ Collections }) => {
      Collections.Maintenance = [touch<Maintenance>(call, { Id: 'maintenance', IsInMaintenanceMode })];
    });
    context.truth.event('maintenance-mode-changed', { on: IsInMaintenanceMode });
    return maintenance(IsInMaintenanceMode);
  });
}

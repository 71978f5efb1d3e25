import { dirname, join } from 'node:path';

/** Where things are on one machine of the sandbox. `dir` plays its root. */
export function machineLayout(dir: string) {
  return {
    dir,
    bin: join(dir, 'bin'),
    units: join(dir, 'etc', 'systemd'),
    wanted: join(dir, 'etc', 'systemd', 'multi-user.target.wants'),
    tentacleHome: join(dir, 'tentacle'),
    tentacleConfig: join(dir, 'tentacle', 'tentacle.config'),
    bootId: join(dir, 'boot-id'),
    power: join(dir, 'power'),
    run: join(dir, 'run'),
    journal: join(dir, 'log'),
    root: join(dir, 'root'),
    shell: join(dir, 'shell'),
    /** On Windows machines: the service manager's programs, which are in no script's path there. */
    serviceManager: join(dir, 'service-manager'),
    modules: join(dir, 'modules'),
    /** Where the shared folder of several nodes is mounted. */
    share: join(dir, 'mnt', 'octopus'),
    about: join(dir, 'machine.json'),
  };
}

/** The sandbox that a machine's folder belongs to. */
export function homeOf(machineDir: string): string {
  return dirname(dirname(machineDir));
}

export function machineDirectory(home: string, name: string): string {
  return join(home, 'machines', name);
}

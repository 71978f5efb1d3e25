const prefix = 'OctopusDeploy Tentacle';

/** The Windows service of a Tentacle instance (tentacle-trust.md section 1). */
export function serviceNameOf(instance: string): string {
  return instance.toLowerCase() === 'tentacle' ? prefix : `${prefix}: ${instance}`;
}

/** The unit of the sandbox's service manager that plays a Windows service; null for a service that is no Tentacle's. Case does not matter. */
export function unitOf(serviceName: string): string | null {
  const found = /^OctopusDeploy Tentacle(?:: (.+))?$/i.exec(serviceName);
  return found ? `${(found[1] ?? 'Tentacle').replaceAll('/', '').replaceAll(/\s+/g, '-')}.service` : null;
}

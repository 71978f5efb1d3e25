/** The machine that runs the steps: exactly one. */
export const HOST_ROLE = 'octopus-rotation-host';
/** The Tentacle of each machine that has a server node. */
export const NODE_ROLE = 'octopus-server-node';

/** Whether a registration has a role; Octopus compares roles without regard to case. */
export function hasRole({ roles }: { roles: readonly string[] }, role: string): boolean {
  return roles.some((one) => one.toLowerCase() === role);
}

import { isThumbprint, type Thumbprint } from '../certificates/thumbprint.ts';
import { tentacleErrors } from '../errors/tentacle.ts';

/**
 * One line that mends a Linux Tentacle left behind, to be pasted into a shell of somebody who may use sudo. It works whether Tentacle
 * is on PATH or in its usual folder, holds nothing but thumbprints (rule 14), and may run twice. The Tentacle is restarted, as it
 * reads its list only when it starts (tentacle-trust.md sections 2, 3, 5).
 */
export function repairCommand(options: { trust: Thumbprint; distrust?: Thumbprint }): string {
  const trust = checked('trust', options.trust);
  const distrust = options.distrust === undefined ? '' : ` --remove-trust ${checked('distrust', options.distrust)}`;
  const inner = `Tentacle configure --instance Tentacle${distrust} --trust ${trust} && Tentacle service --instance Tentacle --stop --start`;
  return `sudo env "PATH=$PATH:/opt/octopus/tentacle" sh -c '${inner}'`;
}

function checked(name: string, value: string): string {
  if (!isThumbprint(value)) throw tentacleErrors.TRUST_SCRIPT_TOKEN({ name, value });
  return value;
}

import { CERTIFICATE } from './certificate.ts';
import { CERTIFICATE_JOB } from './certificate-job.ts';
import { CONFIGURATION } from './configuration.ts';
import { CONTROL } from './control.ts';
import { LIST } from './list.ts';
import { MACHINE, PRELUDE } from './machine.ts';
import { OWN_CERTIFICATE } from './own-certificate.ts';
import { powershellText } from './script.ts';
import { SERVICE } from './service.ts';

/** Names of the settings as the PowerShell text knows them. */
const NAMES: Record<string, string> = {
  rotation: 'orRotation', fence: 'orFence', operation: 'orOperation', thumbprint: 'orThumbprint', place: 'orPlace',
  delay_seconds: 'orDelaySeconds', confirm_seconds: 'orConfirmSeconds', watch_seconds: 'orWatchSeconds', idle_seconds: 'orIdleSeconds',
};

/** The certificate script for Windows (Windows PowerShell 5.1 or later; the Tentacle's account must be an administrator), of checked settings. */
export function certificatePowershell(values: Record<string, string>): string {
  const settings = Object.entries(NAMES).map(([name, variable]) => `$script:${variable} = ${name.endsWith('_seconds') ? '[int]' : ''}'${values[name]!}'`);
  return powershellText('the certificate of this Tentacle', [PRELUDE, LIST, MACHINE, SERVICE, CONTROL, CONFIGURATION, OWN_CERTIFICATE, CERTIFICATE_JOB, CERTIFICATE], [settings.join('\n')]);
}

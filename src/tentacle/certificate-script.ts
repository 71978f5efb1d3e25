import { CERTIFICATE } from './bash/certificate.ts';
import { CERTIFICATE_JOB } from './bash/certificate-job.ts';
import { CONFIGURATION } from './bash/configuration.ts';
import { CONTROL } from './bash/control.ts';
import { INSTANCES } from './bash/instances.ts';
import { LIST } from './bash/list.ts';
import { MACHINE } from './bash/machine.ts';
import { OWN_CERTIFICATE } from './bash/own-certificate.ts';
import { bashText } from './bash/script.ts';
import { SERVICE } from './bash/service.ts';
import type { CertificateScript } from './contract.ts';
import { certificatePowershell } from './powershell/certificate-script.ts';
import { matching, MOST_SECONDS, ROTATION_ID, thumbprint, whole } from './tokens.ts';

/**
 * The script by which a Tentacle does one thing about its own certificate (tentacle-trust.md sections 1 to 4; rules 3, 9, 14; B1, B6, B7).
 * Bash needs coreutils, awk, sed, flock and systemd, as root or through `sudo -n`; PowerShell an administrator. Trust lists are not touched.
 * Ends with one line for certificate-result.ts and exit code 0 whenever it can say its result; no secret is ever printed.
 * Throws TRUST_SCRIPT_TOKEN for anything but typed tokens.
 */
export const certificateScript: CertificateScript = (options) => {
  const values = settingsOf(options);
  if (options.shell === 'PowerShell') return certificatePowershell(values);
  return bashText('the certificate of this Tentacle', values, [LIST, MACHINE, SERVICE, CONTROL, INSTANCES, CONFIGURATION, OWN_CERTIFICATE, CERTIFICATE_JOB, CERTIFICATE], 'sudo -n');
};

function settingsOf(options: Parameters<CertificateScript>[0]): Record<string, string> {
  const operation = matching('operation', options.operation, /^(observe|stage|arm|disarm|revert|look)$/);
  matching('shell', options.shell ?? 'Bash', /^(Bash|PowerShell)$/);
  const pinned = operation === 'arm' || operation === 'disarm';
  const times = operation === 'arm' || operation === 'revert' ? options : undefined;
  return {
    rotation: matching('rotationId', options.rotationId, ROTATION_ID),
    fence: whole('fence', options.fence, Number.MAX_SAFE_INTEGER),
    operation,
    thumbprint: pinned ? thumbprint('thumbprint', options.thumbprint ?? '') : '',
    place: matching('place', options.place ?? 'tentacle', /^(tentacle|host)$/),
    delay_seconds: whole('fireDelaySeconds', times?.fireDelaySeconds ?? 0, MOST_SECONDS),
    confirm_seconds: whole('confirmSeconds', times?.confirmSeconds ?? 0, MOST_SECONDS),
    watch_seconds: whole('watchSeconds', times?.watchSeconds ?? WATCH_SECONDS, MOST_SECONDS),
    idle_seconds: whole('idleLimitSeconds', times?.idleLimitSeconds ?? IDLE_LIMIT_SECONDS, MOST_SECONDS),
  };
}

/** As the net of the trust scripts (rule 3). */
const WATCH_SECONDS = 150;
const IDLE_LIMIT_SECONDS = 120;

import type { CertificateResult } from './contract.ts';
import { reasonText } from './reasons.ts';

type Reason = NonNullable<CertificateResult['reason'] | CertificateResult['why']>;

/** What each word of a certificate result means that is none of a trust result, and what to do on that machine. OLD is in force, except where it says otherwise. */
const TEXTS: Partial<Record<Reason, string>> = {
  kubernetes: 'it is an agent in Kubernetes, where no way back can be kept; exchange its certificate by hand with import-certificate in its pod',
  'configuration-differs': 'its configuration file holds another certificate than show-thumbprint tells, or none',
  'configuration-changed': 'its certificate was exchanged by somebody else meanwhile; look which one it has',
  'disk-full': 'less than 4 MB are free on the disk of its home or of its configuration file',
  'write-failed': 'a file of ours could not be written whole there (a full disk?)',
  'no-way-back': 'the certificate in its configuration file does not open on that machine, so that it could not be put back',
  'too-old': 'its version does not know new-certificate --export-pfx; upgrade it first',
  'new-certificate-failed': 'its new-certificate command failed; see its log',
  'sha1-certificate': 'its new certificate came out signed with SHA-1 (an old Windows); upgrade it first',
  'import-failed': 'its own import-certificate command does not take the certificate that it made; see its log',
  'not-finished': 'a job about its certificate is under way, or failed; run look, and revert or disarm it first',
  'not-staged': 'the certificate that is to be armed is not the one that lies staged there; stage it again',
  'no-detached-job': 'a job that survives a restart of the machine cannot be set up there (systemd, or a scheduled task as SYSTEM)',
  'other-certificate': 'its certificate is not the one that was to stay; look, and compare with the registration',
  'not-in-force': 'its service still runs with the other certificate, so the job was left armed',
  'still-armed': 'the job could not be taken away; it may put the old certificate back',
  'nothing-to-revert': 'nothing lies there that could be put back',
  'revert-failed': 'the old certificate could not be put back in force; look at its service and its log, then run revert again',
  'scripts-running': 'scripts ran there until the limit, so that it was not restarted',
  'service-failed': 'it did not come back after the restart',
  'not-confirmed': 'nobody disarmed the job in time, so it went back to its old certificate',
  asked: 'it was told to go back to its old certificate',
};

/** A clause for people in place of the word; a word that is not known stays. */
export function certificateReasonText(reason: string | null): string {
  const own = reason !== null && Object.hasOwn(TEXTS, reason) ? TEXTS[reason as Reason] : undefined;
  return own === undefined ? reasonText(reason) : `${own} (${reason})`;
}

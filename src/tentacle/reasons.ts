import type { MachineResult } from '../../schemas/types/machine-result.ts';

type Reason = NonNullable<MachineResult['reason']>;

/** What each word of a machine result means, and what to do on that machine. The list was left as it was, except where it says otherwise. */
const TEXTS: Record<Reason, string> = {
  'environment-override': 'OCTOPUS_CONTRIBUTE_ENV_SETTINGS or TENTACLE_TRUSTED_SERVERS stands in for its configuration file; take it out of the environment of the service, or change the trust there',
  'configuration-unreadable': 'its own show-configuration fails; see its log',
  'list-broken': 'an entry of its trust list is broken, so that its own commands or its start fail; mend Tentacle.Communication.TrustedOctopusServers by hand',
  'keep-missing': 'the certificate that must stay is not in its list as it is needed',
  'pollable-entry': 'it polls by the entry that was to be removed, and would be orphaned; it must be asked by the polling route',
  'no-detached-restart': 'a restart cannot be detached from the script there (systemd-run, or a scheduled task as SYSTEM)',
  'service-unknown': 'the service that runs it was not found, or the script did not run below it',
  'no-lock': 'flock is missing there',
  'no-state-folder': 'the folder OctopusRotation in its home is missing, a link, or belongs to somebody else',
  busy: 'another change of its list, or its restart, is under way',
  'configure-failed': 'its configure command failed',
  'read-back-differs': 'its list is not what was written; somebody else may have changed it',
  'no-configuration-file': 'list-instances names no configuration file of this instance that can be read',
  'configuration-encoding': 'its configuration file is not UTF-8; any configure command of Tentacle writes it anew',
  'configuration-doctype': 'its configuration file has a DOCTYPE; take it out',
  'configuration-malformed': 'its configuration file is not of the form that Tentacle writes; any configure command of Tentacle writes it anew',
  'duplicate-key': 'Tentacle.Communication.TrustedOctopusServers stands more than once in its configuration file; any configure command of Tentacle writes it anew',
  'configuration-differs': 'its configuration file holds another list than show-configuration shows, so it is not the file that is read',
  'configuration-changed': 'its list was changed by somebody else in the same moment; run again',
  'no-pollable-entry': 'it polls no server with the old certificate, so nothing can be twinned; where it polls by WebSocket (wss://) it goes by the certificate of the web portal, and needs nothing',
  'duplicate-entries': 'two entries of its list are equal (thumbprint and address), or would be; take one of them out by hand',
  'twin-missing': 'an address has no entry with the new certificate yet, so the old one stays everywhere',
  'twin-differs': 'there is an entry with the new certificate at the same address, but of another subscription or style',
  'not-writable': 'its configuration file or the folder of it cannot be written, or owner and permissions cannot be kept',
  'write-failed': 'the new configuration file could not be written whole (a full disk?); the old one is in its place',
  'not-elevated': 'the account of the service is no administrator',
  'no-openssl': 'openssl is missing there, without which it could not see that the server has come',
};

/** A clause for people in place of the word; a word that is not known stays. */
export function reasonText(reason: string | null): string {
  if (reason === null) return 'no reason given';
  return Object.hasOwn(TEXTS, reason) ? `${TEXTS[reason as Reason]} (${reason})` : reason;
}

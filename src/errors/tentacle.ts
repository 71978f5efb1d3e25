import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

export const tentacleErrors = catalogue({
  TRUST_LIST_BROKEN: (values: { why: string }) => ({
    message: `The list of trusted Octopus Servers cannot be used: ${printable(values.why, 300)}.`,
    safe: 'The list was only read; nothing was changed.',
    next: 'On that machine look at Tentacle.Communication.TrustedOctopusServers in the configuration file that "Tentacle list-instances" names, mend the entry by hand, and restart the Tentacle.',
    failureMode: 'A39',
  }),
  TRUST_SCRIPT_TOKEN: (values: { name: string; value: string }) => ({
    message: `The value "${printable(values.value)}" of ${values.name} may not enter a script that runs on a Tentacle.`,
    safe: 'No script was made; nothing was changed.',
    next: 'Only thumbprints, rotation ids (letters, digits, hyphens) and whole numbers within their limits are allowed there.',
    failureMode: 'A19',
  }),
  PEER_UNREADABLE: (values: { host: string; port: number; code: string }) => ({
    message: `No certificate could be read at ${printable(values.host)}:${values.port} (${printable(values.code)}).`,
    safe: 'Nothing was sent there beyond a TLS handshake.',
    next: `See what answers: openssl s_client -connect ${printable(values.host)}:${values.port} </dev/null`,
    failureMode: 'A36',
  }),
});

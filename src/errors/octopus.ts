import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

/** What every refusal about an answer names: the request, never its key. */
interface Answered { request: string; url: string; status: number; said: string }

const unchanged = 'This request changed nothing.';
const answered = (values: Answered): string => `Octopus at ${values.url} answered ${values.status} to ${values.request}${values.said === '' ? '' : `: ${printable(values.said, 600)}`}`;

export const octopusErrors = catalogue({
  OCTOPUS_UNREACHABLE: (values: { request: string; url: string; reason: string; sent: boolean }) => ({
    message: `Octopus at ${values.url} could not be reached for ${values.request}: ${printable(values.reason, 300)}.`,
    safe: values.sent ? 'Whether Octopus has acted on this request is not known; it is looked at again before anything else is done.' : unchanged,
    next: `Check that Octopus Server runs and that ${values.url} is its address as seen from this machine, then run the same again.`,
    failureMode: 'D12',
  }),
  OCTOPUS_CERTIFICATE_UNTRUSTED: (values: { request: string; url: string; reason: string }) => ({
    message: `The HTTPS certificate that ${values.url} presents is not accepted on this machine (${printable(values.reason)}).`,
    safe: 'No API key was sent and nothing was changed.',
    next: 'Name the issuing authority to Node with NODE_EXTRA_CA_CERTS=/path/to/authority.pem, or use the address that the certificate was made for.',
  }),
  OCTOPUS_STARTING: (values: Answered) => ({
    message: `${answered(values)} (the server is starting or stopping).`,
    safe: unchanged,
    next: 'Wait until the portal can be opened, then run the same again.',
    failureMode: 'D12',
  }),
  OCTOPUS_NOT_JSON: (values: { request: string; url: string; status: number; contentType: string; beginning: string }) => ({
    message: `${values.url} answered ${values.status} to ${values.request} with "${printable(values.contentType)}" instead of JSON; the answer begins with: ${printable(values.beginning, 80)}`,
    safe: 'The answer was not used.',
    next: 'A proxy, a load balancer or the portal page answered. Give the address of Octopus Server itself, up to but without /api or /app.',
  }),
  OCTOPUS_REDIRECTED: (values: { request: string; url: string; status: number; location: string }) => ({
    message: `${values.url} sent ${values.request} elsewhere (${values.status}), to ${printable(values.location)}.`,
    safe: 'The redirection was not followed, so the API key went to nobody else. Nothing was changed.',
    next: 'Give the address that it redirects to, if that is Octopus Server.',
  }),
  OCTOPUS_TOO_LARGE: (values: { request: string; url: string; limitBytes: number }) => ({
    message: `The answer of ${values.url} to ${values.request} is larger than ${values.limitBytes} bytes.`,
    safe: 'The answer was not used.',
    next: 'Check that the address is that of Octopus Server.',
  }),
  OCTOPUS_UNEXPECTED: (values: { request: string; url: string; problem: string }) => ({
    message: `The answer of ${values.url} to ${values.request} does not have the expected shape: ${printable(values.problem, 300)}.`,
    safe: 'The answer was not used.',
    next: 'Check that the address is that of Octopus Server, and that its version is supported.',
  }),
  OCTOPUS_UNAUTHORISED: (values: Answered) => ({
    message: `${answered(values)}`,
    safe: unchanged,
    next: 'Make a new API key for the account of the rotation (Profile > My API Keys), and install again with it so that the variable Rotation.ApiKey holds it.',
  }),
  OCTOPUS_TOKEN_REFUSED: (values: { url: string; account: string; said: string }) => ({
    message: `Octopus at ${values.url} gave no access for this token as the service account ${printable(values.account)}${values.said === '' ? '' : `: ${printable(values.said, 300)}`}.`,
    safe: unchanged,
    next: 'Check in Octopus that the service account has an OIDC identity with exactly the issuer and subject of the token, and that the token was made for this account (its audience) and has not expired.',
  }),
  OCTOPUS_TOKEN_ELSEWHERE: (values: { url: string; endpoint: string }) => ({
    message: `${values.url} says that tokens are exchanged at ${printable(values.endpoint)}, which is not at this address.`,
    safe: 'The token was sent to nobody.',
    next: 'Give the address that Octopus knows itself by.',
  }),
  OCTOPUS_FORBIDDEN: (values: Answered & { permission: string | null }) => ({
    message: `${answered(values)}`,
    safe: unchanged,
    next: values.permission === null
      ? 'Give the account of this API key the permission that the message names, at system level and in every space.'
      : `Give the account of this API key the permission ${printable(values.permission)}, at system level and in every space.`,
    failureMode: 'A10',
  }),
  OCTOPUS_NOT_FOUND: (values: Answered) => ({
    message: `${answered(values)}`,
    safe: unchanged,
    next: 'Check that it still exists and that the account of this API key may see it.',
  }),
  OCTOPUS_STALE: (values: Answered) => ({
    message: `Somebody else changed what ${values.request} was about to change, in the meantime.`,
    safe: 'The other change was kept. This one was not made.',
    next: 'Run the same again: it reads anew what is there now.',
    failureMode: 'D4',
  }),
  OCTOPUS_LIMITED: (values: Answered) => ({
    message: `${answered(values)} (too many requests; the limit is counted per account).`,
    safe: unchanged,
    next: 'Give the rotation an account of its own, or wait a minute, then run the same again.',
    failureMode: 'D9',
  }),
  REGISTRATION_FOREIGN: (values: { name: string; found: string; known: string[] }) => ({
    message: `The registration of ${printable(values.name)} expects certificate ${printable(values.found)}, which is none of those that this rotation knows of that machine (${values.known.join(', ')}).`,
    safe: 'The registration was left as it is.',
    next: 'Somebody registered the machine anew or changed its certificate meanwhile: look which one the machine has, then run the runbook again.',
    failureMode: 'B3',
  }),
  OCTOPUS_REJECTED: (values: Answered) => ({
    message: `${answered(values)}`,
    safe: unchanged,
    next: 'Mend what the message names, then run the same again.',
  }),
  OCTOPUS_FAILED: (values: Answered) => ({
    message: `${answered(values)}`,
    safe: 'Whether Octopus has acted on this request is not known; it is looked at again before anything else is done.',
    next: 'Look into the server log of Octopus, then run the same again.',
  }),
  OCTOPUS_TASK_UNKNOWN: (values: { taskId: string; seconds: number; reason: string }) => ({
    message: `The state of task ${printable(values.taskId)} could not be read within ${values.seconds} s: ${printable(values.reason, 300)}`,
    safe: 'The outcome of the task is unknown; it is looked at again before anything else is done.',
    next: 'Run the same again when the server answers.',
    failureMode: 'D12',
  }),
  OCTOPUS_TOO_OLD: (values: { version: string; oldest: string }) => ({
    message: `Octopus Server ${printable(values.version)} is older than ${values.oldest}, the oldest that this program has been tried against (or its version cannot be read).`,
    safe: 'Nothing was changed.',
    next: `Upgrade Octopus Server to ${values.oldest} or later first.`,
  }),
  OCTOPUS_ADDRESS: (values: { text: string }) => ({
    message: `"${printable(values.text)}" is not the address of an Octopus Server: http:// or https://, a host, and neither account, query nor fragment are expected.`,
    safe: 'Nothing was changed.',
    next: 'Give an address like https://octopus.example.com',
  }),
  OCTOPUS_RUN_NOT_POSSIBLE: (values: { runbook: string; reason: string }) => ({
    message: `The runbook "${printable(values.runbook)}" cannot be run: ${printable(values.reason, 300)}.`,
    safe: 'No run was queued.',
    next: 'Run octopus-rotation install again, then run the runbook from the portal.',
  }),
});

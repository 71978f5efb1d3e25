import { shellWord } from './journal.ts';
import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

/** Who holds the lease, as a person would say it. */
export interface HolderText { rotationId: string; host: string; stateFolder: string; runner: string; taskId: string | null; pid: number | null; since: string; fence: number }

const NOTHING = 'Nothing was changed.';
const PLACE = 'the variable Rotation.Lease of the library variable set "Octopus Rotation lease"';

function who(v: HolderText): string {
  const run = v.taskId === null ? '' : `, task ${printable(v.taskId)}`;
  const process = v.pid === null ? '' : `, process ${v.pid}`;
  return `the ${printable(v.runner)} on ${printable(v.host)}${run}${process}, since ${printable(v.since)} (fence ${v.fence})`;
}

/** What a person calls a holder, as status prints it. The fence makes the name stale as soon as somebody else holds the lease. */
export function holderName(v: { runner: string; host: string; fence: number }): string {
  return `${v.runner}@${v.host}/${v.fence}`;
}

const takeOver = (v: HolderText): string => `sudo -E octopus-rotation take-over --holder ${printable(shellWord(holderName(v)), 300)} (octopus-rotation take-over --help names its other options)`;

export const leaseErrors = catalogue({
  LEASE_ELSEWHERE: (v: HolderText & { here: string; hereFolder: string }) => ({
    message: `Rotation ${printable(v.rotationId)} is kept on the host ${printable(v.host)} in "${printable(v.stateFolder)}"; this is ${printable(v.here)} with "${printable(v.hereFolder)}". Its journal and PFX files are there.`,
    safe: NOTHING,
    next: `Run the runbook where the Tentacle with the role octopus-rotation-host is ${printable(v.host)}. If that host is off for good: put its state folder back from a backup on this one, then ${takeOver(v)}. If the state folder is lost too, look at what server and Tentacles show, then delete ${PLACE}.`,
    failureMode: 'D20',
  }),
  LEASE_HELD: (v: HolderText) => ({
    message: `Rotation ${printable(v.rotationId)} is being worked on by ${who(v)}.`,
    safe: NOTHING,
    next: `Wait until it is done, then run this again.${v.pid === null ? '' : ` To see what it does, on that host: ps -fp ${v.pid}`}`,
    failureMode: 'D4',
  }),
  LEASE_HELD_BY_RUN: (v: HolderText) => ({
    message: `Rotation ${printable(v.rotationId)} belongs to the run ${printable(v.taskId ?? '')}, which is not completed: ${who(v)}.`,
    safe: NOTHING,
    next: `Open the task ${printable(v.taskId ?? '')} in Octopus and let it finish, or cancel it and wait until it is completed; then run the runbook again. If it never completes and nothing of it runs on ${printable(v.host)}: ${takeOver(v)}`,
    failureMode: 'D2',
  }),
  LEASE_HOLDER_UNKNOWN: (v: HolderText & { reason: string }) => ({
    message: `Rotation ${printable(v.rotationId)} is held by ${who(v)}, and whether that is still at work cannot be told: ${printable(v.reason)}.`,
    safe: `${NOTHING} A lease is taken over only from somebody who is proved to have stopped.`,
    next: `Look on ${printable(v.host)} whether it still runs${v.pid === null ? '' : `: ps -fp ${v.pid}`}. When it does not: ${takeOver(v)}`,
    failureMode: 'D4',
  }),
  ROTATION_OPEN: (v: HolderText & { asked: string }) => ({
    message: `Rotation ${printable(v.asked)} was asked for, but ${printable(v.rotationId)} is open, held by ${who(v)}.`,
    safe: NOTHING,
    next: `Run the runbook again from its first step: it goes on with ${printable(v.rotationId)}.`,
    failureMode: 'D4',
  }),
  OTHER_ROTATION_OPEN: (v: { rotationId: string; open: string; asked: string }) => ({
    message: `A rotation of the ${v.open === 'server-certificate' ? 'server certificate' : 'Tentacle certificates'} is open (${printable(v.rotationId)}); one of the ${v.asked === 'server-certificate' ? 'server certificate' : 'Tentacle certificates'} cannot begin beside it.`,
    safe: NOTHING,
    next: `Finish the open one first: run ${v.open === 'server-certificate' ? '"Rotate server certificate" (or give it up by "Abandon server certificate rotation", or "Roll back server certificate")' : '"Rotate Tentacle certificates"'}; then run this again.`,
    failureMode: 'D4',
  }),
  ROTATION_NOT_OPEN: (v: { asked: string | null }) => ({
    message: `${v.asked === null ? 'No rotation' : `Rotation ${printable(v.asked)}`} is not open: ${PLACE} is not there.`,
    safe: NOTHING,
    next: 'Run the runbook from its first step; the plan opens a rotation when one is due.',
  }),
  LEASE_LOST: (v: { rotationId: string; mine: number; found: string }) => ({
    message: `This run holds rotation ${printable(v.rotationId)} with the fence ${v.mine} no more: ${printable(v.found)}.`,
    safe: 'The effect that was next was not started. Nothing more is done by this run.',
    next: 'Let the one that holds the lease now go on; octopus-rotation status names it.',
    failureMode: 'D4',
  }),
  LEASE_CONTENDED: (v: { attempts: number }) => ({
    message: `The lease could not be taken: somebody else wrote to ${PLACE} each of ${v.attempts} times.`,
    safe: NOTHING,
    next: 'See who else edits that library variable set, then run this again.',
    failureMode: 'D4',
  }),
  LEASE_UNREADABLE: (v: { reason: string; text: string }) => ({
    message: `${PLACE} does not hold what this program writes there (${printable(v.reason)}): ${printable(v.text, 200)}`,
    safe: NOTHING,
    next: 'See under "Changes" of that set (Configuration, Audit) who changed it, and put the text back from there.',
  }),
  LEASE_LOCKED: (v: { path: string; pid: number; liveness: 'alive' | 'unknown' }) => ({
    message: `Process ${v.pid} ${v.liveness === 'alive' ? 'works' : 'may work'} in this state folder now (lock "${printable(v.path)}").`,
    safe: NOTHING,
    next: `Wait until it is done, then run this again. To see what it does: ps -fp ${v.pid}`,
    failureMode: 'D4',
  }),
  STATE_FOLDER_MISSING: (v: HolderText & { path: string }) => ({
    message: `Octopus says that rotation ${printable(v.rotationId)} is open on this host, but its journal "${printable(v.path)}" is not there.`,
    safe: `${NOTHING} Without the journal nobody knows which certificate may be used or removed.`,
    next: `Put the state folder back from a backup, then run the runbook again. If it is lost: see with show-thumbprint and octopus-rotation probe what server and Tentacles show, mend what is in between by hand, then delete ${PLACE}.`,
    failureMode: 'D20',
  }),
  STATE_FOLDER_OLDER: (v: HolderText & { path: string; found: number; expected: number }) => ({
    message: `The journal "${printable(v.path)}" of rotation ${printable(v.rotationId)} has ${v.found} entries, and had at least ${v.expected} when the lease last changed hands: it is an older one, from a backup.`,
    safe: `${NOTHING} What is missing may say which certificate is NEW, and that retiring has begun.`,
    next: `Put the newest state folder that there is on this host, then run the runbook again. If this is the newest, see with octopus-rotation status --state-folder what it knows, then go on with it: ${takeOver(v)}`,
    failureMode: 'D20',
  }),
  TAKE_OVER_OTHER_HOLDER: (v: HolderText & { asked: string }) => ({
    message: `Rotation ${printable(v.rotationId)} is not held by ${printable(v.asked)} but by ${printable(holderName(v))}: ${who(v)}.`,
    safe: `${NOTHING} A lease is taken over only from the holder that is named.`,
    next: 'Look at octopus-rotation status, and whether the one that it names is still at work. When it is not, take over with that name.',
    failureMode: 'D4',
  }),
  TAKE_OVER_HOLDER_WORKS: (v: HolderText) => ({
    message: `Rotation ${printable(v.rotationId)} is in the hands of a process that is there, perhaps suspended: ${who(v)}.`,
    safe: `${NOTHING} Two that work at once are what the lease is there to prevent.`,
    next: `Wait until it is done. To end it, on ${printable(v.host)}: ${v.runner === 'relay' ? `sudo systemctl disable --now octopus-rotation-relay-${printable(v.rotationId)}.service` : `cancel its task in Octopus, or sudo kill -KILL ${v.pid}`}; then run the runbook again, which needs no take-over.`,
    failureMode: 'D4',
  }),
  RUN_TAKEN_OVER: (v: { rotationId: string; taskId: string }) => ({
    message: `Rotation ${printable(v.rotationId)} was taken from the run ${printable(v.taskId)} by a person; no step of that run may work on it any more.`,
    safe: NOTHING,
    next: 'Start a new run of the runbook; it goes on where the journal ends.',
    failureMode: 'D2',
  }),
  MARKER_MISSING: (v: { rotationIds: string[]; stateFolder: string }) => ({
    message: `The state folder "${printable(v.stateFolder)}" holds the open rotation ${v.rotationIds.map((id) => printable(id)).join(', ')}, but ${PLACE} is not there. Was the database restored, or the variable deleted?`,
    safe: NOTHING,
    next: `Find out which it was. If the database was restored, look first which certificate the server shows. Put the variable back from the audit log of Octopus to go on with the rotation.`,
    failureMode: 'D4',
  }),
});

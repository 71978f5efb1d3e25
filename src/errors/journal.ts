import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

const NOTHING = 'Nothing was changed.';

/** A word as a POSIX shell must read it; plain words stay as they are. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The command that mends a path, on one line whatever the path holds. */
const command = (text: string, path: string): string => `${text} ${printable(shellWord(path), 4096)}`;

export const journalErrors = catalogue({
  STATE_FOLDER_RELATIVE: (v: { path: string }) => ({
    message: `The state folder "${printable(v.path)}" is not an absolute path.`,
    safe: NOTHING,
    next: 'Name the state folder from the root on, for example /var/lib/octopus-rotation.',
  }),
  STATE_FOLDER_LINK: (v: { path: string; owner: number }) => ({
    message: `"${printable(v.path)}" is a symbolic link (owner ${v.owner}). What holds the journal and the PFX files must be where it seems to be.`,
    safe: `${NOTHING} The link was not followed.`,
    next: `Name the place that the link points to, or put the real thing there: ${command('rm', v.path)}`,
  }),
  STATE_FOLDER_NOT_A_FOLDER: (v: { path: string; owner: number }) => ({
    message: `"${printable(v.path)}" (owner ${v.owner}) is there, and is not a folder.`,
    safe: NOTHING,
    next: `Move it away, then run this again: ${command('mv', v.path)} ${printable(shellWord(`${v.path}.moved`), 4096)}`,
  }),
  STATE_FOLDER_FOREIGN_OWNER: (v: { path: string; owner: number; account: number }) => ({
    message: `"${printable(v.path)}" belongs to the account with the number ${v.owner}; this runs as ${v.account}. The owner could change journal and PFX files at will.`,
    safe: NOTHING,
    next: `Run this as the account that owns it, or, if nobody else writes there: ${command(`sudo chown -R ${v.account}`, v.path)}`,
  }),
  STATE_FOLDER_OPEN_TO_OTHERS: (v: { path: string; owner: number; mode: string; wanted: string }) => ({
    message: `"${printable(v.path)}" (owner ${v.owner}) has the mode ${v.mode}: other accounts can read or change what is in it. ${v.wanted} is expected.`,
    safe: NOTHING,
    next: `Make it private, and see whether anybody changed it: ${command(`chmod ${v.wanted}`, v.path)}`,
  }),
  STATE_FOLDER_UNREADABLE: (v: { path: string; owner: number | null; account: number; reason: string }) => ({
    message: `"${printable(v.path)}" (owner ${v.owner ?? 'unknown'}) cannot be read by the account with the number ${v.account}: ${printable(v.reason)}.`,
    safe: NOTHING,
    next: `Run this as the account that owns it, or: ${command(`sudo chown -R ${v.account}`, v.path)} && ${command('sudo chmod 0700', v.path)}`,
  }),
  STATE_FOLDER_NOT_CREATED: (v: { path: string; account: number; reason: string }) => ({
    message: `The state folder "${printable(v.path)}" is not there and could not be made by the account with the number ${v.account}: ${printable(v.reason)}.`,
    safe: NOTHING,
    next: `Make it for that account: ${command(`sudo install -d -m 0700 -o ${v.account}`, v.path)}`,
  }),
  STATE_FOLDER_FENCE_UNREADABLE: (v: { path: string; text: string }) => ({
    message: `The fence file "${printable(v.path)}" holds "${printable(v.text, 40)}", which is no number. Whether this run was overtaken cannot be told.`,
    safe: 'No effect was started.',
    next: `Look at the variable Rotation.Lease of the library set "Octopus Rotation lease" for the fence, then write that number into the file: ${command('echo FENCE >', v.path)}`,
  }),
  ROTATION_ID_MALFORMED: (v: { text: string }) => ({
    message: `"${printable(v.text)}" is not the id of a rotation, such as sc-20260105-0a1b2c3d.`,
    safe: NOTHING,
    next: 'Take the id from the output RotationId of the plan, or from octopus-rotation status.',
  }),
  ROTATION_SECRET_TOO_SHORT: (v: { length: number }) => ({
    message: `Rotation.Secret has ${v.length} characters; at least 32 are expected. Journal and PFX files are protected with keys derived from it.`,
    safe: NOTHING,
    next: 'Set the sensitive project variable Rotation.Secret back to the value that install showed, or run octopus-rotation install again when no rotation is open.',
  }),
  JOURNAL_MISSING: (v: { path: string; rotationId: string }) => ({
    message: `The journal of rotation ${printable(v.rotationId)} is not at "${printable(v.path)}".`,
    safe: `${NOTHING} Without the journal nobody knows which certificates this rotation may touch.`,
    next: 'Put the state folder back from its backup on this host, then run the runbook again. If it is lost, octopus-rotation status says what the server and the Tentacles show now.',
    failureMode: 'D20',
  }),
  JOURNAL_TAMPERED: (v: { path: string; line: number; reason: string }) => ({
    message: `Line ${v.line} of the journal "${printable(v.path)}" is not as it was written: ${printable(v.reason)}.`,
    safe: 'Nothing was changed. No line of this journal is trusted.',
    next: 'Find out who changed it, and whether Rotation.Secret is still the one that this rotation began with. Put the file back from a backup, then run the runbook again. The folder of a rotation that is known to have ended may be moved away instead.',
  }),
  JOURNAL_NOT_WRITTEN: (v: { path: string; reason: string }) => ({
    message: `The journal "${printable(v.path)}" could not be written: ${printable(v.reason)}.`,
    safe: 'The effect that this entry announces was not started. Nothing more is done by this run.',
    next: 'Make room or mend the disk, then run the runbook again; it goes on where the journal ends.',
    failureMode: 'D17',
  }),
  JOURNAL_CHANGED: (v: { path: string; expected: number; found: number }) => ({
    message: `The journal "${printable(v.path)}" has ${v.found} bytes where this run wrote up to ${v.expected}: somebody else writes to it.`,
    safe: 'The effect that was next was not started.',
    next: 'See with octopus-rotation status who holds the lease, and let only that run go on.',
    failureMode: 'D4',
  }),
  JOURNAL_ENTRY_INVALID: (v: { kind: string; reason: string }) => ({
    message: `A journal entry of the kind "${printable(v.kind)}" does not fit its schema: ${printable(v.reason)}.`,
    safe: 'It was not written, and the effect that it announces was not started.',
    next: 'This is a defect of this program; please report it with this text.',
  }),
  JOURNAL_FIXED: (v: { kind: string; rotationId: string }) => ({
    message: `Rotation ${v.rotationId} has fixed its "${printable(v.kind)}" once and for all; another one was about to be written.`,
    safe: 'It was not written.',
    next: 'Run the runbook again; it goes on with what was fixed.',
  }),
});

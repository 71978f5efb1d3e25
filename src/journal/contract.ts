/**
 * What a rotation remembers. Append-only lines of JSON, each chained to the one before it and authenticated with a key derived from
 * `Rotation.Secret` (rule 12). Everything else (resuming, status, report) is read from it.
 */
import type { Thumbprint } from '../certificates/thumbprint.ts';
import type { ProcessIdentity } from '../ports/processes.ts';

export type RotationName = 'server-certificate' | 'tentacle-certificates';
export type RunnerName = 'runbook' | 'relay' | 'terminal';

/** How trust was seen (DESIGN.md section 2: written, effective, proved). */
export type ProofHow =
  /** The trust probe on a new connection. */
  | 'wire'
  /** List read back after a restart later than the write; only for machines that nothing but the server can reach. */
  | 'read-back'
  /** As Octopus says over REST. */
  | 'rest'
  /** A file opened and compared. */
  | 'file';

/** One Tentacle in scope, however often it is registered (A26). */
export interface PlannedMachine {
  /** Stable key inside the rotation: its own thumbprint and URI. */
  key: string;
  /** Keys of other addresses under which the very same Tentacle is registered (A26). */
  aliases: string[];
  /** Names of its registrations, foreign text: printable() before it is shown. */
  name: string;
  own: Thumbprint;
  uri: string;
  /** Where its port can be dialled; null for a polling Tentacle, which dials itself. */
  address: { host: string; port: number } | null;
  route: 'listening' | 'polling';
  /** What its scripts are written in. */
  shell: 'Bash' | 'PowerShell';
  /** The host's own Tentacle (A41). */
  isHost: boolean;
  isDisabled: boolean;
  viaProxy: boolean;
  /** Environments of its registrations, for waves by environment. */
  environmentIds: string[];
  registrations: { id: string; kind: 'target' | 'worker'; spaceId: string; spaceName: string; name: string; isDisabled: boolean }[];
}

export interface OutOfScope { name: string; kind: string; spaceName: string; reason: string }
export interface Waiver { machine: string; by: string; reason: string; until: string }
/** In which order machines are changed. A wave starts only when the one before has its proofs. */
export interface Waves {
  by: 'size' | 'environment';
  /** Machines in one wave, for waves by size. */
  size: number;
  /** Machines changed first, alone. */
  canaries: number;
  /** After so many failed machines no wave starts. */
  stopAfter: number;
}
/** How machines are changed, whatever is changed on them. */
export interface MachineOptions {
  offlineMachines: 'refuse' | 'leave-behind';
  /** Enable disabled machines for the tasks that change them, and disable them again. */
  enableDisabled: boolean;
  waves: Waves;
  /** Machines changed at once. */
  atOnce: number;
  waivers: Waiver[];
  restartWatchSeconds: number;
}
export interface RotationOptions extends MachineOptions {
  pollingRoute: 'twin' | 'update-trust';
  drainLimitMinutes: number;
}
export interface TentacleOptions extends MachineOptions {
  /** By the switch on each machine, by the document's task where the server lists it, or only mending what others left half-way. */
  method: 'switch' | 'task' | 'repair';
  /** How long a machine waits, from the exchange on, to be confirmed before it puts its old certificate back. */
  confirmMinutes: number;
  /** Tentacles that other Octopus Servers use too: those would lose them (B4). */
  otherServers: 'refuse' | 'accept';
}

/** One Tentacle whose own certificate is to be exchanged; its key and `own` stay those of OLD. */
export interface PlannedTentacle extends PlannedMachine {
  /** Why its certificate is due, as a clause. */
  due: string;
  /** Of OLD, as read from its listener, as Octopus says or as an earlier rotation noted it; null: cannot be seen. */
  signatureAlgorithm: string | null;
  notBefore: string | null;
  notAfter: string | null;
  /** Keys of other machines with the same certificate (B9). */
  clones: string[];
  /** Thumbprints that it trusts and that this Octopus Server is not known by (B4). */
  otherServers: string[];
}

/** What every plan of machines holds, whatever is rotated. */
export interface MachinesPlan {
  planHash: string;
  nodes: { id: string; name: string }[];
  spaces: { id: string; name: string; targets: number; workers: number }[];
  machines: PlannedMachine[];
  outOfScope: OutOfScope[];
  options: MachineOptions;
  notTouched: string[];
}

export interface TentaclesPlan extends MachinesPlan {
  /** The server's certificate, by which a Tentacle knows it. */
  server: Thumbprint;
  machines: PlannedTentacle[];
  /** How many Tentacles were looked at and are not due. */
  notDue: number;
  options: TentacleOptions;
}

/** Everything that an entry of a kind carries beside the envelope. */
export interface EntryData {
  /** First entry of a journal. */
  opened: { rotation: RotationName; installationId: string; serverUrl: string; serverVersion: string; host: string; spaceId: string; projectName: string; runbookName: string; environmentName: string; forced: string | null; why: string };
  /** What the rotation fixed once and for all (rule 1). */
  planned: MachinesPlan & { old: Thumbprint; oldSignature: string; options: RotationOptions };
  /** The same of a rotation of Tentacle certificates. */
  'tentacles-planned': TentaclesPlan;
  /** The new certificate of one Tentacle (`subject`), known before anything uses it (B1). A machine that went back and tries anew has several; the last one counts. */
  'tentacle-certificate': { old: Thumbprint; new: Thumbprint; signature: 'strong' | 'unknown' };
  /** NEW, fixed the moment its PFX was linted. */
  'new-certificate': { thumbprint: Thumbprint; sha256: string; notAfter: string; signatureAlgorithm: string; keyBits: number };
  /** On disk before the effect. `effect` is a word of the phase, e.g. add-trust, import-certificate; `subject` in the envelope says on what. */
  intent: { effect: string; detail: Record<string, string | number | boolean | null> };
  /** The effect was seen to have happened. */
  done: { effect: string; detail: Record<string, string | number | boolean | null> };
  /** A proof about `subject`. Later entries about the same subject and claim replace earlier ones. */
  proved: { claim: ProofClaim; how: ProofHow; detail: Record<string, string | number | boolean | null> };
  /** A proof that was there and is not any more, or never came. */
  unproved: { claim: ProofClaim; verdict: 'no' | 'unknown'; reason: string };
  /** A machine in scope that goes on without proof, by policy or waiver. `subject` is its key. */
  'left-behind': { reason: LeftBehindReason; text: string; waiver: Waiver | null };
  /** It was left behind and is proved now. */
  'caught-up': Record<string, never>;
  /** Entries of other Octopus Servers seen on a Tentacle; kept (A25). */
  'foreign-trust': { thumbprints: string[] };
  'phase-started': { phase: string };
  'phase-finished': { phase: string; outcome: 'continue' | 'stop' | 'handed-over' | 'refused' | 'failed'; outputs: Record<string, string>; refusals: { code: string; message: string; next: string }[] };
  'handed-over': { job: string; unit: string; relaySha256: string };
  /** What the relay is at, for people. */
  'relay-stage': { stage: string; text: string };
  /** The run that resumes. */
  'run-queued': { taskId: string; snapshot: string };
  ended: { outcome: 'completed' | 'rolled-back' | 'abandoned' };
}

export type ProofClaim =
  /** about `server` */
  | 'old-backed-up' | 'new-stored' | 'relay-ready' | 'database-shows-new' | 'node-presents-new' | 'database-shows-old' | 'node-presents-old'
  /** about a node's id: its relay works and answers; detail: name, host, port, addresses (separated by blanks), sharedFolder, relaySha256 */
  | 'node-ready'
  /** about a node's id: a connection test that ran on this node found every polling machine */
  | 'polling-answers'
  /** about a node's id: a connection test that ran on this node found every machine with its new certificate (B5) */
  | 'machines-answer'
  /** about a machine's key */
  | 'trusts-new' | 'trusts-old' | 'trust-written' | 'distrusts-old' | 'distrusts-new' | 'healthy'
  /** about a Tentacle's key: its certificate NEW is in force, on a new connection; each registration holds it; the switch is disarmed, read back (the end of it) */
  | 'presents-new' | 'registered-new' | 'disarmed'
  /** about a Tentacle's key: its certificate OLD is in force and registered, and nothing is armed */
  | 'keeps-old'
  /** about `estate` */
  | 'healthy-after-swap' | 'healthy-after-retire' | 'healthy-after-regenerate' | 'regenerated' | 'verified' | 'abandoned' | 'rolled-back';

export type LeftBehindReason = 'off' | 'disabled' | 'unreachable' | 'refused' | 'failed' | 'deferred' | 'wrong-peer' | 'waived' | 'web-socket' | 'unregistered' | 'reverted' | 'unknown-certificate' | 'other-servers' | 'kubernetes';

export type EntryKind = keyof EntryData;

/** The envelope. `previous` is the SHA-256 of the line before (64 zeros for the first); `mac` is HMAC-SHA256 over everything else. */
export type Entry<K extends EntryKind = EntryKind> = {
  [Kind in K]: {
    sequence: number;
    at: string;
    fence: number;
    runner: RunnerName;
    taskId: string | null;
    phase: string;
    kind: Kind;
    /** `server`, `estate`, a node's id, or a machine's key. */
    subject: string;
    data: EntryData[Kind];
    previous: string;
    mac: string;
  };
}[K];

/** What a writer adds; the journal fills in the rest. */
export type NewEntry<K extends EntryKind = EntryKind> = { [Kind in K]: { kind: Kind; subject: string; data: EntryData[Kind] } }[K];

export interface Journal {
  readonly rotationId: string;
  /** Verified when opened, and every line appended since. A torn last line (no line end) was never acted upon and is cut off. */
  entries(): readonly Entry[];
  /** Checks the fence, appends, fsyncs, then returns. */
  append<K extends EntryKind>(entry: NewEntry<K>): Promise<Entry<K>>;
}

/** Who holds the lease: one marker in Octopus for all rotations (rule 11), a JSON text in the library set "Octopus Rotation lease". Schema: schemas/lease.schema.json */
export interface LeaseMarker {
  format: 1;
  rotation: RotationName;
  rotationId: string;
  host: string;
  stateFolder: string;
  /** Rises by one each time the lease changes hands, also from step to step of one run. */
  fence: number;
  /** How many entries the journal had when the lease last changed hands: a state folder with fewer is an older one, put back from a backup. */
  entries: number;
  holder: {
    runner: RunnerName;
    /** The run that may go on, if any. */
    taskId: string | null;
    /** null: nobody at the moment (between two steps, or yielded to the run named by taskId). */
    process: ProcessIdentity | null;
  };
  openedAt: string;
  heldSince: string;
}

// Generated from schemas/report.schema.json by `npm run schemas`. Change the schema, not this file.

/**
 * ISO 8601, UTC.
 */
export type Instant = string;

/**
 * What a rotation did, as its journal tells it. Made by report-rotation and, once more, by the relay when the rotation ends. Holds no secrets.
 */
export interface Report {
  format: 1;
  rotationId: string;
  rotation: 'server-certificate' | 'tentacle-certificates';
  madeAt: Instant;
  outcome: 'completed' | 'open' | 'handed-over' | 'refused' | 'failed' | 'rolled-back' | 'abandoned';
  /**
   * One sentence for somebody who reads nothing else.
   */
  verdict: string;
  /**
   * Why it was refused or failed: the refusals of the last phase that ended so.
   */
  reasons: {
    code: string;
    message: string;
    next: string;
  }[];
  /**
   * What is to be done now; null when nothing is.
   */
  next: string | null;
  openedAt: Instant;
  endedAt: Instant | null;
  /**
   * From the first entry to the end, or to the making of this report.
   */
  seconds: number;
  server: {
    url: string;
    version: string;
    installationId: string;
    /**
     * The machine whose Tentacle ran the steps.
     */
    host: string;
    nodes: {
      id: string;
      name: string;
    }[];
    spaces: {
      id: string;
      name: string;
      targets: number;
      workers: number;
    }[];
    project: string;
    runbook: string;
    environment: string;
    /**
     * Why the rotation was due.
     */
    why: string;
    forced: string | null;
  };
  before: null | {
    thumbprint: string;
    signatureAlgorithm: string;
  };
  after: null | {
    thumbprint: string;
    sha256: string;
    signatureAlgorithm: string;
    keyBits: number;
    notAfter: string;
    /**
     * The database or a node was last seen with it.
     */
    inForce: boolean;
  };
  /**
   * Proofs about the server, its nodes and the estate as a whole.
   */
  serverProofs: Proof[];
  phases: {
    phase: string;
    title: string;
    runner: 'runbook' | 'relay' | 'terminal';
    taskId: string | null;
    startedAt: Instant;
    endedAt: Instant | null;
    seconds: number | null;
    /**
     * interrupted: it was begun and never said how it ended, and later work followed.
     */
    outcome: 'continue' | 'stop' | 'handed-over' | 'refused' | 'failed' | 'interrupted' | 'running';
    refusals: number;
  }[];
  machines: {
    key: string;
    name: string;
    /**
     * Thumbprint of the Tentacle's own certificate.
     */
    own: string;
    uri: string;
    isHost: boolean;
    status: 'proved' | 'left-behind' | 'pending';
    route: string;
    registrations: {
      space: string;
      name: string;
      kind: 'target' | 'worker';
      disabled: boolean;
    }[];
    old: TrustState;
    new: TrustState;
    /**
     * The Tentacle's own certificates, where those are rotated; null where the server's is, of which old and new tell.
     */
    certificate: null | {
      /**
       * Why the old one is due.
       */
      due: string;
      oldSignature: string | null;
      oldNotAfter: string | null;
      /**
       * Thumbprint of the new one; null before it was made.
       */
      new: string | null;
      presents: CertificateState;
      registered: CertificateState;
      /**
       * When the switch on the machine was seen disarmed, after the proofs.
       */
      disarmedAt: Instant | null;
      /**
       * Keys of other machines with the same old certificate.
       */
      clones: string[];
    };
    proofs: Proof[];
    /**
     * Entries of other Octopus Servers; kept as they were.
     */
    foreignTrust: string[];
  }[];
  leftBehind: {
    machine: string;
    key: string;
    reason:
      | 'off'
      | 'disabled'
      | 'unreachable'
      | 'refused'
      | 'failed'
      | 'deferred'
      | 'wrong-peer'
      | 'waived'
      | 'unregistered'
      | 'reverted'
      | 'unknown-certificate'
      | 'other-servers'
      | 'kubernetes';
    text: string;
    since: Instant;
    waiver: null | {
      by: string;
      reason: string;
      until: string;
    };
    /**
     * The exact command that mends it, to be run on that machine; null while no certificate exists that it should trust, or where it keeps the old one.
     */
    repair: string | null;
  }[];
  /**
   * Machines that stand in the way: neither proved nor left behind at the last look.
   */
  unproved: {
    machine: string;
    key: string;
    text: string;
    since: Instant;
    /**
     * The exact command that mends it, to be run on that machine; null while no certificate exists that it should trust.
     */
    repair: string | null;
  }[];
  outOfScope: {
    name: string;
    kind: string;
    space: string;
    reason: string;
  }[];
  notTouched: string[];
  summary: {
    machines: number;
    proved: number;
    leftBehind: number;
    pending: number;
    outOfScope: number;
    serverAwaySeconds: number | null;
  };
  evidence: {
    planHash: string | null;
    entries: number;
    /**
     * SHA-256 of the last line of the journal that this report was made from.
     */
    lastLineSha256: string;
    /**
     * Each time the lease changed hands.
     */
    fences: {
      fence: number;
      runner: 'runbook' | 'relay' | 'terminal';
      taskId: string | null;
      firstEntry: number;
      at: Instant;
    }[];
    /**
     * Octopus tasks that took part, in order.
     */
    tasks: {
      taskId: string;
      firstAt: Instant;
      lastAt: Instant;
      phases: string[];
    }[];
    handOvers: {
      at: Instant;
      job: string;
      unit: string;
      relaySha256: string;
      queuedAgainAt: Instant | null;
      queuedTask: string | null;
    }[];
    /**
     * When the server did not answer because the relay restarted it.
     */
    serverAway: {
      from: Instant;
      to: Instant | null;
      seconds: number | null;
    }[];
    /**
     * What was done to each planned server node and what it was seen to present, in order.
     */
    nodes: {
      id: string;
      name: string;
      steps: {
        at: Instant;
        what: 'drained' | 'restarted' | 'undrained' | 'presents-new' | 'presents-old' | 'not-seen';
      }[];
    }[];
    /**
     * Each time the swap was undone by rule 10, with the numbers that decided it: machines asked and answering, nodes and those that presented what was to come into force.
     */
    undone: {
      at: Instant;
      reason: string;
      asked: number | null;
      answered: number | null;
      nodes: number | null;
      presenting: number | null;
    }[];
    /**
     * What the relay said it was at.
     */
    relay: {
      at: Instant;
      stage: string;
      text: string;
    }[];
  };
}
export interface Proof {
  subject: string;
  claim: string;
  /**
   * yes: proved. no: seen to be otherwise. unknown: could not be told; never counts as proved.
   */
  holds: 'yes' | 'no' | 'unknown';
  /**
   * wire: trust probe on a new connection. read-back: list read back after a restart. rest: as Octopus says. file: a file opened and compared. null where nothing was proved.
   */
  how: 'wire' | 'read-back' | 'rest' | 'file' | null;
  at: Instant;
  phase: string;
  runner: 'runbook' | 'relay' | 'terminal';
  reason: string | null;
}
export interface TrustState {
  /**
   * trusted and refused are proved; written is not yet seen in force; unknown never counts.
   */
  state: 'trusted' | 'written' | 'refused' | 'unknown';
  how: 'wire' | 'read-back' | 'rest' | 'file' | null;
  at: Instant | null;
}
export interface CertificateState {
  /**
   * Which certificate was seen last; unknown never counts.
   */
  state: 'new' | 'old' | 'unknown';
  how: 'wire' | 'read-back' | 'rest' | 'file' | null;
  at: Instant | null;
}

// Generated from schemas/journal.schema.json by `npm run schemas`. Change the schema, not this file.

/**
 * One line of the journal of a rotation (src/journal/contract.ts).
 */
export type JournalEntry = {
  sequence: number;
  at: Moment;
  fence: number;
  runner: 'runbook' | 'relay' | 'terminal';
  taskId: string | null;
  phase: string;
  kind: string;
  subject: string;
  data: {};
  previous: Sha256;
  mac: Sha256;
} & (
  | {
      kind?: 'opened';
      data?: {
        rotation: 'server-certificate' | 'tentacle-certificates';
        installationId: string;
        serverUrl: string;
        serverVersion: string;
        host: string;
        spaceId: string;
        projectName: string;
        runbookName: string;
        environmentName: string;
        forced: string | null;
        why: string;
      };
    }
  | {
      kind?: 'planned';
      data?: {
        planHash: string;
        old: Thumbprint;
        oldSignature: string;
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
        machines: Machine[];
        outOfScope: {
          name: string;
          kind: string;
          spaceName: string;
          reason: string;
        }[];
        options: Options;
        notTouched: string[];
      };
    }
  | {
      kind?: 'new-certificate';
      data?: {
        thumbprint: Thumbprint;
        sha256: string;
        notAfter: string;
        signatureAlgorithm: string;
        keyBits: number;
      };
    }
  | {
      kind?: 'tentacles-planned';
      data?: {
        planHash: string;
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
        machines: Tentacle[];
        outOfScope: {
          name: string;
          kind: string;
          spaceName: string;
          reason: string;
        }[];
        options: TentacleOptions;
        notTouched: string[];
        server: Thumbprint;
        notDue: number;
      };
    }
  | {
      kind?: 'tentacle-certificate';
      data?: {
        old: Thumbprint;
        new: Thumbprint;
        signature: 'strong' | 'unknown';
      };
    }
  | {
      kind?: 'intent';
      data?: {
        effect: Word;
        detail: {
          [k: string]: string | number | boolean | null;
        };
      };
    }
  | {
      kind?: 'done';
      data?: {
        effect: Word;
        detail: {
          [k: string]: string | number | boolean | null;
        };
      };
    }
  | {
      kind?: 'proved';
      data?: {
        claim: Claim;
        how: 'wire' | 'read-back' | 'rest' | 'file';
        detail: {
          [k: string]: string | number | boolean | null;
        };
      };
    }
  | {
      kind?: 'unproved';
      data?: {
        claim: Claim;
        verdict: 'no' | 'unknown';
        reason: string;
      };
    }
  | {
      kind?: 'left-behind';
      data?: {
        reason:
          | 'off'
          | 'disabled'
          | 'unreachable'
          | 'refused'
          | 'failed'
          | 'deferred'
          | 'wrong-peer'
          | 'waived'
          | 'web-socket'
          | 'unregistered'
          | 'reverted'
          | 'unknown-certificate'
          | 'other-servers'
          | 'kubernetes';
        text: string;
        waiver: null | Waiver;
      };
    }
  | {
      kind?: 'caught-up';
      data?: {};
    }
  | {
      kind?: 'foreign-trust';
      data?: {
        thumbprints: string[];
      };
    }
  | {
      kind?: 'phase-started';
      data?: {
        phase: Word;
      };
    }
  | {
      kind?: 'phase-finished';
      data?: {
        phase: Word;
        outcome: 'continue' | 'stop' | 'handed-over' | 'refused' | 'failed';
        outputs: {
          [k: string]: string;
        };
        refusals: {
          code: string;
          message: string;
          next: string;
        }[];
      };
    }
  | {
      kind?: 'handed-over';
      data?: {
        job: string;
        unit: string;
        relaySha256: Sha256;
      };
    }
  | {
      kind?: 'relay-stage';
      data?: {
        stage: string;
        text: string;
      };
    }
  | {
      kind?: 'run-queued';
      data?: {
        taskId: string;
        snapshot: string;
      };
    }
  | {
      kind?: 'ended';
      data?: {
        outcome: 'completed' | 'rolled-back' | 'abandoned';
      };
    }
);
export type Moment = string;
export type Sha256 = string;
export type Thumbprint = string;
export type Word = string;
export type Claim =
  | 'old-backed-up'
  | 'new-stored'
  | 'relay-ready'
  | 'database-shows-new'
  | 'node-presents-new'
  | 'database-shows-old'
  | 'node-presents-old'
  | 'node-ready'
  | 'polling-answers'
  | 'machines-answer'
  | 'trusts-new'
  | 'trusts-old'
  | 'trust-written'
  | 'distrusts-old'
  | 'distrusts-new'
  | 'healthy'
  | 'presents-new'
  | 'registered-new'
  | 'disarmed'
  | 'keeps-old'
  | 'healthy-after-swap'
  | 'healthy-after-retire'
  | 'healthy-after-regenerate'
  | 'regenerated'
  | 'verified'
  | 'abandoned'
  | 'rolled-back';

export interface Machine {
  key: string;
  name: string;
  own: Thumbprint;
  uri: string;
  route: 'listening' | 'polling';
  isHost: boolean;
  isDisabled: boolean;
  viaProxy: boolean;
  registrations: {
    id: string;
    kind: 'target' | 'worker';
    spaceId: string;
    spaceName: string;
    name: string;
    isDisabled: boolean;
  }[];
  address: null | {
    host: string;
    port: number;
  };
  shell: 'Bash' | 'PowerShell';
  environmentIds: string[];
  aliases: string[];
}
export interface Options {
  offlineMachines: 'refuse' | 'leave-behind';
  waivers: Waiver[];
  drainLimitMinutes: number;
  restartWatchSeconds: number;
  enableDisabled: boolean;
  pollingRoute: 'twin' | 'update-trust';
  waves: {
    by: 'size' | 'environment';
    size: number;
    canaries: number;
    stopAfter: number;
  };
  atOnce: number;
}
export interface Waiver {
  machine: string;
  by: string;
  reason: string;
  until: string;
}
export interface Tentacle {
  key: string;
  name: string;
  own: Thumbprint;
  uri: string;
  route: 'listening' | 'polling';
  isHost: boolean;
  isDisabled: boolean;
  viaProxy: boolean;
  registrations: {
    id: string;
    kind: 'target' | 'worker';
    spaceId: string;
    spaceName: string;
    name: string;
    isDisabled: boolean;
  }[];
  address: null | {
    host: string;
    port: number;
  };
  shell: 'Bash' | 'PowerShell';
  environmentIds: string[];
  aliases: string[];
  due: string;
  signatureAlgorithm: string | null;
  notBefore: string | null;
  notAfter: string | null;
  clones: string[];
  otherServers: string[];
}
export interface TentacleOptions {
  offlineMachines: 'refuse' | 'leave-behind';
  waivers: Waiver[];
  restartWatchSeconds: number;
  enableDisabled: boolean;
  waves: {
    by: 'size' | 'environment';
    size: number;
    canaries: number;
    stopAfter: number;
  };
  atOnce: number;
  method: 'switch' | 'task' | 'repair';
  confirmMinutes: number;
  otherServers: 'refuse' | 'accept';
}

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Limits a REST fault: `count` requests from now, until a time, only paths that match a regular expression, only one method. All optional. */
export interface RestFault { count?: number; until?: string; match?: string; method?: string }

/** The server's switches in DIR/faults.json, written through PUT /faults of the control API. All off by default. */
export interface ServerFaults {
  /** 503, as while starting. */
  unavailable?: true | RestFault;
  /** 429; `retryAfter` seconds, without the header when absent. The request is not processed. */
  tooManyRequests?: true | (RestFault & { retryAfter?: number });
  /** The connection is destroyed; `after` = the request was processed first and only the answer is lost. */
  dropConnections?: true | (RestFault & { after?: boolean });
  /** 200 with an HTML page, as a proxy's login page. */
  html?: true | RestFault;
  /** 403 with the permission that is missing, `MachineEdit` when it does not say. */
  forbidden?: true | (RestFault & { permission?: string });
  /**
   * What somebody else does to a target or worker right before it is written by PUT: saves it (so that what was read is stale), renames
   * it, deletes it, or deletes it and registers the same Tentacle again under the same name.
   */
  meanwhile?: RestFault & { change: 'saved' | 'renamed' | 'deleted' | 'registeredAgain' };
  /** `import-certificate` fails with this exit code and changes nothing. */
  importCertificate?: 1 | 100;
  /** `fails`: the server process ends at start; `hangs`: it answers 503 for ever. */
  serverStart?: 'fails' | 'hangs';
  /** What a task that was executing when the server died is marked as. */
  restartMarks?: 'Failed' | 'Canceled';
  /** Seconds that a cancelled task stays `Cancelling` before it ends. */
  slowCancelling?: number;
  /** With several nodes: whether a node goes on expecting the thumbprints that it read at its start, unless they were changed through itself (B5). True when absent. */
  staleThumbprints?: boolean;
  /** Accepts TentacleAddTrust, TentacleRemoveTrust and TentacleRegenerateCertificate, the task names of 2017: with `true` each fails, with `work` they do their work. */
  documentTasks?: boolean | 'work';
  /** Seconds that TentacleRegenerateCertificate takes between the new certificate on the Tentacle and the new thumbprint in the registration (B1). */
  regenerateGap?: number;
}

type RestFaultName = 'unavailable' | 'tooManyRequests' | 'dropConnections' | 'html' | 'forbidden' | 'meanwhile';

/** Reads the switches when they are needed; counts per process and per written fault. */
export class Faults {
  readonly #path: string;
  #seen = '';
  #faults: ServerFaults = {};
  readonly #used = new Map<string, number>();

  readonly #machine: string | null;

  /** `machine`: the one whose own switches count before those for all. */
  constructor(home: string, machine: string | null = null) {
    this.#machine = machine;
    this.#path = join(home, 'faults.json');
  }

  current(): ServerFaults {
    let seen = '';
    try {
      const { ino, mtimeNs, size } = statSync(this.#path, { bigint: true });
      seen = `${ino} ${mtimeNs} ${size}`;
    } catch {
      this.#faults = {};
      this.#seen = '';
      this.#used.clear();
      return this.#faults;
    }
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#used.clear();
      try {
        const { machines, ...all } = JSON.parse(readFileSync(this.#path, 'utf8')) as ServerFaults & { machines?: Record<string, { server?: ServerFaults }> };
        this.#faults = { ...all, ...machines?.[this.#machine ?? '']?.server };
      } catch {
        // Written in place by somebody else just now: the next look sees it whole.
        this.#seen = '';
      }
    }
    return this.#faults;
  }

  /** Whether this fault strikes this request; each yes counts. */
  strikes(name: RestFaultName, path: string, method: string, now = Date.now()): boolean {
    const fault = this.current()[name];
    if (!fault) return false;
    if (fault === true) return true;
    if (fault.match !== undefined && !new RegExp(fault.match, 'i').test(path)) return false;
    if (fault.method !== undefined && fault.method.toUpperCase() !== method) return false;
    if (fault.until !== undefined && now > Date.parse(fault.until)) return false;
    const used = this.#used.get(name) ?? 0;
    if (fault.count !== undefined && used >= fault.count) return false;
    this.#used.set(name, used + 1);
    return true;
  }
}

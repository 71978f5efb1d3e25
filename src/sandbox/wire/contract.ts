/**
 * How the embedded server talks to an embedded Tentacle once the TLS handshake and the `MX` exchange of the reference
 * (tentacle-trust.md section 7) are done. The handshake is byte-exact; what follows is our own framing of the same calls that
 * the real IScriptServiceV2 has, since nothing but the two ends of this sandbox ever speaks it.
 */

/** Files are written below the script's own working folder; `command` is run there without a shell. */
export interface ScriptRequest {
  ticket: string;
  /** `ServerTasks-N`, shown to whoever has to wait for this script. */
  taskId: string;
  files: { path: string; base64: string }[];
  command: string[];
  environment: Record<string, string>;
  /** `full`: one at a time per Tentacle; `none`: beside others. */
  isolation: 'full' | 'none';
}

export interface ScriptLogLine {
  sequence: number;
  source: 'stdout' | 'stderr' | 'debug';
  occurredAt: string;
  text: string;
}

export interface ScriptStatus {
  state: 'pending' | 'running' | 'complete';
  /** Set when complete: the process's own code, or -41 fatal, -43 cancelled, -44 time-out, -45 unknown ticket, -46 result unknown. */
  exitCode?: number;
  logs: ScriptLogLine[];
  nextSequence: number;
}

/** One authenticated connection from a server to a listening Tentacle. */
export interface TentacleConnection {
  about(): Promise<{ version: string; certificateSignatureAlgorithm: string; shell: string; shellVersion: string; operatingSystem: string }>;
  startScript(request: ScriptRequest): Promise<void>;
  getStatus(ticket: string, afterSequence: number): Promise<ScriptStatus>;
  cancelScript(ticket: string): Promise<void>;
  /** Forgets the script and deletes its working folder. */
  completeScript(ticket: string): Promise<void>;
  /** Ends with the null request, as Halibut does. */
  close(): Promise<void>;
}

/** `src/sandbox/wire/client.ts` exports `connectToTentacle` of this type. Rejects with a `TentacleUnreachable` error that says why. */
export type ConnectToTentacle = (options: {
  host: string;
  port: number;
  /** The server certificate in force in the calling process. */
  keyPem: string;
  certificatePem: string;
  /** Registered thumbprint of the machine, compared exactly. */
  expectedThumbprint: string;
  timeoutMs: number;
}) => Promise<TentacleConnection>;

import type { Database } from '../database/database.ts';
import type { Faults } from '../faults.ts';
import type { Folders } from '../folders.ts';
import type { ServerLog } from '../server-log.ts';
import type { TaskQueue } from '../tasks/queue.ts';
import type { TaskLogs } from '../tasks/task-logs.ts';
import type { TentacleThumbprints } from '../tentacle-thumbprints.ts';
import type { TruthLog } from '../truth-log.ts';

export type ServerPhase = 'starting' | 'ready' | 'stopping';

/** What the routes share: the running process, seen from its rim. */
export interface ServerContext {
  database: Database;
  folders: Folders;
  faults: Faults;
  log: ServerLog;
  truth: TruthLog;
  queue: TaskQueue;
  logs: TaskLogs;
  thumbprints: TentacleThumbprints;
  nodeName: string;
  /** Of this process. */
  version: string;
  /** Without a sign of life for so long, a node is offline. */
  offlineAfterMs: number;
  uri: string;
  startedAt: Date;
  phase: ServerPhase;
}

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Activity, ActivityStatus, LogCategory } from '../../engine/contract.ts';

export interface LogElement { Category: LogCategory; OccurredAt: string; MessageText: string; Detail: null }
/** One node of the tree that `/details` serves (octopus-rest.md 4.5). */
export interface ActivityElement {
  Id: string; Name: string; Status: ActivityStatus; Started: string | null; Ended: string | null; ShowAtSummaryLevel: boolean; ProgressPercentage: number; ProgressMessage: string;
  Children: ActivityElement[]; LogElements: LogElement[];
}

const now = () => new Date().toISOString();

function element(id: string, name: string): ActivityElement {
  return { Id: id, Name: name, Status: 'Pending', Started: null, Ended: null, ShowAtSummaryLevel: false, ProgressPercentage: 0, ProgressMessage: '', Children: [], LogElements: [] };
}

/** A, B .. Z, AA ..: segments of activity ids, unique below their parent. */
function segment(index: number): string {
  let text = '';
  for (let rest = index + 1; rest > 0; rest = Math.floor((rest - 1) / 26)) text = String.fromCharCode(65 + ((rest - 1) % 26)) + text;
  return text.padStart(3, 'A');
}

class LiveActivity implements Activity {
  constructor(readonly element: ActivityElement, private readonly changed: () => void, private readonly warned: () => void) {}

  child(name: string): Activity {
    const child = element(`${this.element.Id}/${segment(this.element.Children.length)}`, name);
    this.element.Children.push(child);
    this.changed();
    return new LiveActivity(child, this.changed, this.warned);
  }

  status(status: ActivityStatus): void {
    this.element.Status = status;
    if (status !== 'Pending') this.element.Started ??= now();
    if (status !== 'Pending' && status !== 'Running') {
      this.element.Ended = now();
      this.element.ProgressPercentage = 100;
    }
    this.changed();
  }

  log(category: LogCategory, text: string): void {
    if (category === 'Warning' || category === 'Error' || category === 'Fatal') this.warned();
    this.element.LogElements.push({ Category: category, OccurredAt: now(), MessageText: text, Detail: null });
    this.changed();
  }

  progress(percentage: number, message: string): void {
    this.element.ProgressPercentage = percentage;
    this.element.ProgressMessage = message;
    this.changed();
  }
}

export interface LiveLog { root: Activity; hasWarningsOrErrors(): boolean; close(): void }

/** Activity logs: in memory while the task runs here, and a file per task, flushed at most twice a second and at the end. */
export class TaskLogs {
  readonly #live = new Map<string, ActivityElement>();
  constructor(private readonly folder: string) {}

  open(taskId: string, name: string): LiveLog {
    const tree = element(`${taskId}_AAA`, name);
    let timer: NodeJS.Timeout | null = null;
    let warned = false;
    let closing = false;
    this.#live.set(taskId, tree);
    // A folder that cannot be written just now is written at the next change, or at the end.
    const flush = () => {
      timer = null;
      try {
        this.#save(taskId, tree);
        if (closing) this.#live.delete(taskId);
      } catch {
        changed();
      }
    };
    const changed = () => {
      timer ??= setTimeout(flush, 500);
    };
    return {
      root: new LiveActivity(tree, changed, () => { warned = true; }),
      hasWarningsOrErrors: () => warned,
      close: () => {
        if (timer) clearTimeout(timer);
        closing = true;
        flush();
      },
    };
  }

  /** Null when the task has not started. */
  read(taskId: string): ActivityElement | null {
    const live = this.#live.get(taskId);
    if (live) return live;
    const path = this.#path(taskId);
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) as ActivityElement : null;
  }

  /** The last line of a log whose writer died. Open parts end with the task. */
  finish(taskId: string, name: string, status: ActivityStatus, text: string): void {
    const tree = this.read(taskId) ?? element(`${taskId}_AAA`, name);
    const end = (part: ActivityElement) => {
      if (part.Status === 'Pending' || part.Status === 'Running') {
        part.Status = status;
        part.Ended = now();
      }
      part.Children.forEach(end);
    };
    end(tree);
    tree.LogElements.push({ Category: 'Fatal', OccurredAt: now(), MessageText: text, Detail: null });
    try {
      this.#save(taskId, tree);
    } catch { /* the log of a task that is lost anyhow */ }
  }

  #path(taskId: string): string {
    return join(this.folder, `${taskId}.json`);
  }

  #save(taskId: string, tree: ActivityElement): void {
    mkdirSync(this.folder, { recursive: true });
    const next = `${this.#path(taskId)}.${process.pid}`;
    writeFileSync(next, JSON.stringify(tree), { mode: 0o600 });
    renameSync(next, this.#path(taskId));
  }
}

/** `/raw`: one block per activity (octopus-rest.md 4.5). */
export function rawLog(tree: ActivityElement | null): string {
  if (!tree) return '';
  const lines: string[] = [];
  const walk = (part: ActivityElement, depth: number) => {
    const indent = '  '.repeat(depth);
    lines.push(`                    | ${indent}== ${part.Status}: ${part.Name} ==`);
    for (const log of part.LogElements) {
      for (const text of log.MessageText.split(/\r?\n/)) lines.push(`${log.OccurredAt.slice(11, 19)}   ${log.Category.padEnd(8)} | ${indent}    ${text}`);
    }
    part.Children.forEach((child) => walk(child, depth + 1));
  };
  walk(tree, 0);
  return `${lines.join('\n')}\n`;
}

/** The tree cut to `tail` log lines per activity; without `verbose` the Trace and Verbose lines are left out. */
export function shown(tree: ActivityElement, options: { verbose: boolean; tail: number | null }): ActivityElement {
  const logs = options.verbose ? tree.LogElements : tree.LogElements.filter(({ Category }) => Category !== 'Verbose' && Category !== 'Trace');
  return { ...tree, LogElements: options.tail === null ? logs : logs.slice(-options.tail), Children: tree.Children.map((child) => shown(child, options)) };
}

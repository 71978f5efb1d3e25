import { printable } from '../../errors/printable.ts';
import type { Entry } from '../../journal/contract.ts';
import type { Emit } from './event.ts';
import type { JournalTail } from './journal-tail.ts';

/** Follows one rotation through its journal and the server's presence, and tells what happened. Display only: it decides nothing. */
export class RotationWatch {
  readonly tasks = new Set<string>();
  ended: 'completed' | 'rolled-back' | 'abandoned' | null = null;
  /** The relay said that it stopped for a refusal or a failure. */
  relayGaveUp = false;
  /** When the journal last grew, on the clock handed in. */
  lastHeard: number;
  private readonly queued: string[] = [];
  private away: number | null = null;

  constructor(
    private readonly tail: JournalTail,
    private readonly url: string,
    private readonly emit: Emit,
    private readonly monotonic: () => number,
  ) {
    this.lastHeard = monotonic();
  }

  /** The rotation that is followed, once it is known. */
  get rotation(): { rotationId: string; entries: readonly Entry[] } | null {
    return this.tail.rotationOf(this.tasks);
  }

  /** Goes on with a rotation that was open before: its runs are ours, and the last one that its relay queued may still be to come. */
  takeUp(rotationId: string): void {
    const queued: string[] = [];
    for (const entry of this.tail.entriesOf(rotationId)) {
      if (entry.kind === 'run-queued') queued.push(entry.data.taskId);
      else if (entry.taskId !== null) this.tasks.add(entry.taskId);
    }
    const last = queued.at(-1);
    if (last === undefined) return;
    this.tasks.delete(last);
    this.queued.push(last);
  }

  /** Every run that took part, as far as is known. */
  get runs(): string[] {
    return [...new Set([...this.tasks, ...this.queued])];
  }

  isQueuedByRelay(task: string): boolean {
    return this.queued.includes(task);
  }

  /** A run that the relay queued and nobody has followed yet. */
  nextRun(): string | null {
    return this.queued.find((task) => !this.tasks.has(task)) ?? null;
  }

  /** Looks once at the journal. */
  async look(): Promise<void> {
    for (const { rotationId, entries } of await this.tail.look()) {
      this.lastHeard = this.monotonic();
      for (const entry of entries) this.hear(rotationId, entry);
    }
  }

  /** Looks once whether the server answers, and tells when that changes. */
  async lookAtServer(): Promise<void> {
    const answers = await serverAnswers(this.url);
    if (!answers && this.away === null) {
      this.away = this.monotonic();
      this.emit({ event: 'server', state: 'away', seconds: null });
    } else if (answers && this.away !== null) {
      this.emit({ event: 'server', state: 'back', seconds: Math.round((this.monotonic() - this.away) / 100) / 10 });
      this.away = null;
    }
  }

  private hear(rotationId: string, entry: Entry): void {
    if (entry.kind === 'handed-over') this.emit({ event: 'handed-over', unit: printable(entry.data.unit) });
    else if (entry.kind === 'relay-stage') this.emit({ event: 'relay', stage: printable(entry.data.stage), text: printable(entry.data.text, 300) });
    else if (entry.kind === 'run-queued') this.queued.push(entry.data.taskId);
    else if (entry.kind === 'phase-finished' && entry.runner === 'relay') {
      this.relayGaveUp = entry.data.outcome === 'refused' || entry.data.outcome === 'failed';
      for (const refusal of entry.data.refusals) this.emit({ event: 'line', source: 'relay', level: 'error', text: `${refusal.code}: ${printable(refusal.message, 600)} Next: ${printable(refusal.next, 300)}` });
    } else if (entry.kind === 'ended') {
      this.ended = entry.data.outcome;
      this.emit({ event: 'rotation-ended', rotation: rotationId, outcome: entry.data.outcome });
    }
  }
}

async function serverAnswers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api`, { signal: AbortSignal.timeout(1000), headers: { connection: 'close' } });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

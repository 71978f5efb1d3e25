/**
 * Tentacle's script isolation: a `full` script runs alone, `none` ones run beside each other; whoever came first goes first.
 */
export class ScriptLock {
  private readonly running = new Map<string, Holder>();
  private readonly waiting: Waiter[] = [];

  /** Waits for the turn. `onWait` is told which tasks are in the way, once. Rejects when `abandoned` is aborted. */
  enter(holder: Holder, abandoned: AbortSignal, onWait: (tasks: string[]) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { holder, enter: resolve };
      this.waiting.push(waiter);
      abandoned.addEventListener('abort', () => {
        const index = this.waiting.indexOf(waiter);
        if (index < 0) return;
        this.waiting.splice(index, 1);
        reject(new Error('abandoned'));
        this.admit();
      });
      this.admit();
      if (this.waiting.includes(waiter)) onWait([...new Set([...this.running.values()].map(({ taskId }) => taskId))]);
    });
  }

  leave(ticket: string): void {
    this.running.delete(ticket);
    this.admit();
  }

  private admit(): void {
    for (;;) {
      const [next] = this.waiting;
      if (!next) return;
      const alone = next.holder.isolation === 'full' || [...this.running.values()].some(({ isolation }) => isolation === 'full');
      if (alone && this.running.size > 0) return;
      this.waiting.shift();
      this.running.set(next.holder.ticket, next.holder);
      next.enter();
    }
  }
}

interface Holder { ticket: string; taskId: string; isolation: 'full' | 'none' }
interface Waiter { holder: Holder; enter(): void }

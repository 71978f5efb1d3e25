/** What a process that was killed gets from everything that it calls. */
export class Killed extends Error {}

/** How long a process lives: so many journal lines, and then it dies before or after the next one is on disk. */
export class Life {
  isOver = false;
  lines = 0;
  constructor(private readonly until: number, private readonly moment: 'before' | 'after' = 'before') {}

  breathe(): void {
    if (this.isOver) throw new Killed();
  }

  async line(write: () => Promise<void>): Promise<void> {
    this.breathe();
    this.lines += 1;
    const isLast = this.lines > this.until;
    if (isLast && this.moment === 'before') this.die();
    await write();
    if (isLast) this.die();
  }

  private die(): never {
    this.isOver = true;
    throw new Killed();
  }

  /** The same thing, as long as the process lives: a dead one changes nothing any more, not even by what it awaited. */
  hold<Thing extends object>(thing: Thing): Thing {
    return new Proxy(thing, {
      get: (target, name, receiver) => {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]): unknown => {
          this.breathe();
          const result: unknown = (value as (...all: unknown[]) => unknown).apply(target, given);
          return result instanceof Promise ? result.then((answer: unknown) => (this.breathe(), answer)) : result;
        };
      },
    });
  }
}

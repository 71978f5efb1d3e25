import { setImmediate as turn } from 'node:timers/promises';
import { VirtualTime } from '../../support/virtual-time.ts';

/** How long real work (an import, a key) may take before nobody is expected to come back any more. */
const STUCK_MS = 30_000;

/** Time that passes only when everybody waits: a rotation of hours takes as long as its work. */
export class VirtualClock extends VirtualTime {
  /** Real work in flight (files on a disk), during which no time passes. */
  private inFlight = 0;

  /** Lets no time pass while `work` is done. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.inFlight += 1;
    try {
      return await work;
    } finally {
      this.inFlight -= 1;
    }
  }

  /** Drives the world until `work` is settled. */
  async run<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    work.then(mark, mark);
    let lastProgress = performance.now();
    for (;;) {
      await turn();
      if (settled) return work;
      if (this.inFlight > 0) continue;
      if (this.step()) lastProgress = performance.now();
      else if (performance.now() - lastProgress > STUCK_MS) throw new Error('Everybody waits for something that never comes.');
    }
  }
}

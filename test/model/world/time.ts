import { setImmediate as turn } from 'node:timers/promises';
import { VirtualTime } from '../../support/virtual-time.ts';

/** How often nobody may have anything to wait for before that counts as everybody waiting for ever. */
const IDLE_TURNS = 200;

/** Virtual time: it passes only when everybody waits, or so far as it is told to. */
export class Time extends VirtualTime {
  /** Lets the world go on until `work` is settled. */
  async run<T>(work: Promise<T>): Promise<T> {
    let isSettled = false;
    const mark = (): void => {
      isSettled = true;
    };
    work.then(mark, mark);
    let idle = 0;
    for (;;) {
      await turn();
      if (isSettled) return work;
      if (this.step()) idle = 0;
      else if (++idle > IDLE_TURNS) throw new Error('Everybody waits for something that never comes.');
    }
  }

  /** Lets so much time pass, or less when `isDone` says so before. */
  async pass(milliseconds: number, isDone: () => boolean = () => false): Promise<void> {
    const until = this.elapsed + milliseconds;
    do await turn(); while (!isDone() && this.step(until));
    if (!isDone()) this.elapsed = until;
  }
}

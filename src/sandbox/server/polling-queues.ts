import { Caller } from '../wire/caller.ts';
import type { TentacleConnection } from '../wire/contract.ts';
import type { Answer, Call } from '../wire/frames.ts';
import { TentacleUnreachable } from '../wire/unreachable.ts';

/** A request that waits for its Tentacle. `call` null: only to see whether anybody comes for it; nothing is sent. */
export interface PollingRequest {
  call: Call | null;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** Halibut's PollingRequestQueueTimeout, and how long an answer may take (HalibutTimeoutsAndLimits.cs). */
const [collectTimeout, answerTimeout] = [120_000, 300_000];

/**
 * The requests for polling Tentacles, a queue a subscription: whoever serves the subscription collects them, each once.
 * `factor` divides the two minutes that a request waits.
 */
export class PollingQueues {
  private readonly factor: number;
  private readonly waiting = new Map<string, PollingRequest[]>();
  private readonly idle = new Map<string, ((request: PollingRequest) => void)[]>();

  constructor(factor: number) {
    this.factor = factor;
  }

  /**
   * A connection to the Tentacle of that subscription. Rejects (`not-collected`) when none comes in time, or when `cancelled`.
   */
  async connect(subscription: string, cancelled?: AbortSignal): Promise<TentacleConnection> {
    await this.request(subscription, null, cancelled);
    return new PollingConnection((call) => this.request(subscription, call));
  }

  /** The next request of a subscription, or null when none came within `idleMs` or the poller has `gone`. */
  next(subscription: string, idleMs: number, gone: AbortSignal): Promise<PollingRequest | null> {
    const key = keyOf(subscription);
    const found = this.list(this.waiting, key).shift();
    if (found) return Promise.resolve(found);
    return new Promise((resolve) => {
      const takers = this.list(this.idle, key);
      const take = (request: PollingRequest | null): void => {
        clearTimeout(timer);
        gone.removeEventListener('abort', leave);
        resolve(request);
      };
      const leave = (): void => {
        const index = takers.indexOf(take);
        if (index >= 0) takers.splice(index, 1);
        take(null);
      };
      const timer = setTimeout(leave, idleMs);
      gone.addEventListener('abort', leave, { once: true });
      takers.push(take);
    });
  }

  private request(subscription: string, call: Call | null, cancelled?: AbortSignal): Promise<Answer> {
    const key = keyOf(subscription);
    const allowed = collectTimeout / this.factor;
    return new Promise((resolve, reject) => {
      const queue = this.list(this.waiting, key);
      const timers: NodeJS.Timeout[] = [];
      const settle = (): void => {
        timers.forEach(clearTimeout);
        cancelled?.removeEventListener('abort', cancel);
      };
      const request: PollingRequest = {
        call,
        resolve: (answer) => { settle(); resolve(answer); },
        reject: (error) => { settle(); reject(error); },
      };
      const giveUp = (message: string): void => {
        const index = queue.indexOf(request);
        if (index < 0) return;
        queue.splice(index, 1);
        request.reject(new TentacleUnreachable('not-collected', message));
      };
      const cancel = (): void => giveUp('The request was cancelled before the polling endpoint collected it.');
      timers.push(
        setTimeout(() => giveUp(`A request was sent to a polling endpoint, but the polling endpoint did not collect the request within the allowed time (${timeSpan(collectTimeout)}${this.factor === 1 ? '' : `, here divided by ${this.factor}`}), so the request timed out.`), allowed),
        setTimeout(() => request.reject(new TentacleUnreachable('timeout', 'The polling endpoint collected the request but did not answer in time.')), allowed + answerTimeout),
      );
      cancelled?.addEventListener('abort', cancel, { once: true });
      const taker = this.list(this.idle, key).shift();
      if (taker) taker(request);
      else queue.push(request);
    });
  }

  private list<T>(map: Map<string, T[]>, key: string): T[] {
    const found = map.get(key) ?? [];
    map.set(key, found);
    return found;
  }
}

class PollingConnection extends Caller {
  private readonly send: (call: Call) => Promise<Answer>;

  constructor(send: (call: Call) => Promise<Answer>) {
    super();
    this.send = send;
  }

  protected override exchange(call: Call): Promise<Answer> {
    return this.send(call);
  }

  /** The Tentacle's own connection stays up for whatever comes next. */
  protected override end(): Promise<void> {
    return Promise.resolve();
  }
}

/** Subscriptions are URIs: case does not matter, the slash at the end may be missing. */
function keyOf(subscription: string): string {
  return subscription.toLowerCase().replace(/\/*$/, '/');
}

/** As .NET prints it: `00:02:00`. */
function timeSpan(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(11, 19);
}

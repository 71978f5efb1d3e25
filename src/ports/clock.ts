/** Time, handed in: nothing below the runners reads a clock or sleeps by itself. */
export interface Clock {
  now(): Date;
  /** Milliseconds of a clock that never jumps; only differences mean anything. */
  monotonic(): number;
  /** Resolves after `milliseconds`; rejects with the signal's reason when aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

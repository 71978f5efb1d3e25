const [shortest, longest] = [5_000, 120_000];

/** The real one draws a number between 0 and 1 at its start; this is the one of the recorded pauses (tentacle-trust.md section 6, option A). */
const backoff = 0.4;

/**
 * How long a polling loop that has been failing for `failingFor` milliseconds waits before it tries again, in milliseconds
 * (Halibut's RetryPolicy): 5 s at first, then growing, never above two minutes.
 */
export function pauseAfter(failingFor: number): number {
  return Math.min(longest, Math.max(shortest, failingFor * (1 + backoff)));
}

/** When a request is sent again. A value, so that it can be read and tested without a server. */
export type Outcome = { kind: 'status'; status: number; retryAfter: string | null } | { kind: 'error'; code: string };

/**
 * `safe`: reading, or writing a fixed value; the same request twice does no harm. `once`: a second one might be a second effect (a POST, or a PUT
 * with a version), so it is sent again only on 429, which Octopus answers without processing the request (D10).
 */
export type Repeatable = 'safe' | 'once';

const FIRST_MS = 500;
const LONGEST_MS = 2_000;
const LONGEST_ASKED_MS = 60_000;
export const MOST_ATTEMPTS = 6;

const PASSING_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * Milliseconds to wait before the next attempt, or null when there is to be none. `attempt` counts from 1; `jitter` is in [0, 1). A limit (429) is waited
 * for as long as the call's deadline lets it: it is shared with whoever else uses the account, and passes by itself (D9).
 */
export function retryDelay(outcome: Outcome, repeatable: Repeatable, attempt: number, jitter: number): number | null {
  const usual = Math.round(Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, MOST_ATTEMPTS)) * (0.75 + jitter / 2));
  if (outcome.kind === 'status' && outcome.status === 429) return retryAfterMs(outcome.retryAfter) ?? usual;
  if (attempt >= MOST_ATTEMPTS) return null;
  if (outcome.kind === 'error') return repeatable === 'safe' && PASSING_CODES.has(outcome.code) ? usual : null;
  if (repeatable === 'once') return null;
  if (outcome.status === 503) return retryAfterMs(outcome.retryAfter) ?? usual;
  return outcome.status === 408 || outcome.status >= 500 ? usual : null;
}

/** `Retry-After` in whole seconds, strictly (RFC 9110 10.2.3; Octopus sends seconds). Anything else, also a date or more than a minute, is no hint: null. */
export function retryAfterMs(header: string | null): number | null {
  if (header === null || !/^\d{1,5}$/.test(header)) return null;
  const milliseconds = Number(header) * 1_000;
  return milliseconds <= LONGEST_ASKED_MS ? milliseconds : null;
}

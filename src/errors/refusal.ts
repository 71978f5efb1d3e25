/** The text of one refusal. Every part is a full sentence with the values that matter. */
export interface RefusalText {
  /** What was found. */
  message: string;
  /** What is safe now: what was and was not changed. */
  safe: string;
  /** What to do next; the exact command where there is one. */
  next: string;
  /** Id of the failure mode that it guards (docs/failure-modes.md). */
  failureMode?: string;
}

/** An expected "no": for people, never shown with a stack trace. */
export class Refusal extends Error {
  readonly code: string;
  readonly safe: string;
  readonly next: string;
  readonly failureMode: string | undefined;

  constructor(code: string, text: RefusalText, cause?: unknown) {
    super(text.message, cause === undefined ? undefined : { cause });
    this.name = 'Refusal';
    this.code = code;
    this.safe = text.safe;
    this.next = text.next;
    this.failureMode = text.failureMode;
  }
}

/** Several refusals found by one look at the world, all told at once. */
export class Refusals extends Error {
  readonly refusals: Refusal[];

  constructor(refusals: Refusal[]) {
    super(refusals.map((refusal) => refusal.message).join('\n'));
    this.name = 'Refusals';
    this.refusals = refusals;
  }
}

/** Every refusal inside an error of ours; empty when it is none. */
export function refusalsOf(error: unknown): Refusal[] {
  if (error instanceof Refusals) return error.refusals;
  return error instanceof Refusal ? [error] : [];
}

/**
 * One subject of the catalogue: a function per code. Calling it makes the refusal, with its code taken from the key.
 *
 *   export const pfxErrors = catalogue({ PFX_WRONG_PASSWORD: (v: { path: string }) => ({ message, safe, next }) });
 *   throw pfxErrors.PFX_WRONG_PASSWORD({ path });
 */
export function catalogue<T extends Record<string, (values: never) => RefusalText>>(
  entries: T,
): { [K in keyof T]: (values: Parameters<T[K]>[0], cause?: unknown) => Refusal } {
  const made = Object.entries(entries).map(([code, text]) => [
    code,
    (values: never, cause?: unknown) => new Refusal(code, text(values), cause),
  ]);
  return Object.fromEntries(made) as { [K in keyof T]: (values: Parameters<T[K]>[0], cause?: unknown) => Refusal };
}

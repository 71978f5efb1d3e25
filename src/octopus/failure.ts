import type { octopusErrors } from '../errors/octopus.ts';
import { Refusal } from '../errors/refusal.ts';

/** The answer behind a refusal, as fields; null and empty where there was no answer. */
export interface FailureFacts { status: number | null; errorMessage: string; errors: string[] }

/** A refusal of the Octopus client: its catalogue entry and what the server said. */
export type OctopusFailure = Refusal & FailureFacts;

export type OctopusCode = keyof typeof octopusErrors;

/** Joins the facts to a refusal of the catalogue. */
export function failure(refusal: Refusal, facts: FailureFacts = { status: null, errorMessage: '', errors: [] }): OctopusFailure {
  return Object.assign(refusal, { status: facts.status, errorMessage: facts.errorMessage, errors: facts.errors });
}

/** True for a refusal with one of these codes. */
export function failedWith(error: unknown, ...codes: OctopusCode[]): error is OctopusFailure {
  return error instanceof Refusal && (codes as string[]).includes(error.code);
}

/** The server is down, starting, or overloaded: it may be asked again later. */
export function isPassing(error: unknown): error is OctopusFailure {
  return failedWith(error, 'OCTOPUS_UNREACHABLE', 'OCTOPUS_STARTING', 'OCTOPUS_LIMITED', 'OCTOPUS_FAILED');
}

import { trustErrors } from '../errors/trust.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { PASS, refuse, type Verdict } from './verdict.ts';

export interface HealthObservation { machine: PlannedMachine; healthy: boolean; unavailable: boolean; status: string }

/** Make sure that every machine that is not left behind is healthy in each of its registrations. */
export function healthProved(after: 'swap' | 'retire' | 'regenerate', observations: HealthObservation[]): Verdict {
  const bad = observations.filter((one) => !one.healthy);
  return bad.length === 0 ? PASS : refuse(trustErrors.HEALTH_NOT_PROVED({ after, machines: bad.map((one) => ({ name: one.machine.name, reason: one.status })) }));
}

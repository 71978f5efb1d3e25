import type { Refusal } from '../errors/refusal.ts';
import type { UnprovedMachine } from '../errors/trust.ts';
import { mayGoOn, wavesOf } from '../gates/waves.ts';
import type { LeftBehindReason, PlannedMachine } from '../journal/contract.ts';
import { batches } from './concurrency.ts';
import type { PhaseContext } from './context.ts';
import { whileEnabled } from './disabled-machines.ts';
import type { Rotation } from './rotation.ts';

/** Why a machine is not as it should be. */
export interface Failure { reason: LeftBehindReason; text: string }

/** What is done between waves, and what is said when no further one may start. */
export interface WaveEnds {
  stopped(failures: number, untouched: number): Refusal;
  /** After a wave whose machines are done; throws when no further one may start. */
  afterWave?(wave: readonly PlannedMachine[]): Promise<void>;
}

/**
 * Changes machines in canaries, then waves (B8): at most so many at once, enabled meanwhile where that is allowed, and no further wave once
 * more failed than the threshold. `work` answers with the number of those that failed; the next piece waits for it.
 */
export async function inWaves(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[], work: (piece: PlannedMachine[]) => Promise<number>, ends: WaveEnds): Promise<void> {
  const { waves, atOnce } = rotation.scope.options;
  const plannedWaves = wavesOf(machines, waves);
  let failures = 0;
  let tried = 0;
  for (const [index, wave] of plannedWaves.entries()) {
    if (plannedWaves.length > 1) context.voice.info(`Wave ${index + 1} of ${plannedWaves.length}: ${wave.length} machine(s).`);
    for (const piece of batches(wave, atOnce)) {
      tried += piece.length;
      failures += await whileEnabled(context, rotation, piece, work);
      if (!mayGoOn(failures, waves)) throw ends.stopped(failures, machines.length - tried);
    }
    await ends.afterWave?.(wave);
  }
}

/** Failures by machine key, for a refusal. */
export function namedFailures(rotation: Pick<Rotation, 'scope'>, failed: ReadonlyMap<string, Failure>): UnprovedMachine[] {
  return [...failed].map(([key, failure]) => ({ name: rotation.scope.machines.find((one) => one.key === key)?.name ?? key, reason: failure.text }));
}

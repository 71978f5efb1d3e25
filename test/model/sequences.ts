import fc from 'fast-check';
import { Bench } from './bench.ts';
import { begin, BEGINNINGS, commands, type Beginning } from './commands.ts';

export interface Given {
  numRuns: number;
  seed: number;
  /** The path of a counterexample, as fast-check tells it with its seed. */
  path?: string | undefined;
  maxCommands?: number;
  /** Server nodes; one unless said otherwise. */
  nodes?: number;
}

/** What to try in one of the long runs: the same sequences each time, unless others are asked for by the environment. */
export function given(seed: number, numRuns: number): Given {
  const { MODEL_SEED, MODEL_RUNS, MODEL_PATH } = process.env;
  return { seed: Number(MODEL_SEED ?? seed), numRuns: Number(MODEL_RUNS ?? numRuns), path: MODEL_PATH };
}

/**
 * Tries sequences of what people and fate do. After every command the invariants are asserted on what really is; at the end everything
 * is mended, and running the runbook again ends the rotation or says what to do. Throws with the shortest sequence that breaks a rule,
 * the rules that it breaks, what happened, and seed and path to have it again.
 */
export async function tryOut({ numRuns, seed, path, maxCommands = 12, nodes = 1 }: Given): Promise<void> {
  const beginnings = nodes > 1 ? fc.constantFrom(...BEGINNINGS) : fc.constant<Beginning>('before any run');
  await fc.assert(fc.asyncProperty(beginnings, commands(maxCommands, nodes), async (beginning, list) => {
    const bench = new Bench(nodes);
    await begin(bench, beginning);
    await fc.asyncModelRun(() => ({ model: {}, real: bench }), list);
    await bench.live();
  }), { numRuns, seed, ...(path === undefined ? {} : { path }), includeErrorInReport: true });
}

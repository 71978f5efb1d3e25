import { rmSync } from 'node:fs';
import { expect } from 'vitest';
import { buildKillable, KillBench, randomRow, rowName, rowsOf, seeded, shuffled, type KilledRotation, type Row, type RowResult } from './kill-table.ts';

/** One in so many rows is a random time after a random point. */
const RANDOM_EVERY = 5;

const environment = process.env;
/** With a polling Tentacle; test/estates/smallest.json makes more rows in the same time, test/estates/three-nodes-small.json also kills nodes and their relays. */
const estate = environment['KILL_TABLE_ESTATE'] ?? 'test/estates/killed.json';
/** The same rows each time, so that a change is judged by what it changed; KILL_TABLE_SEED gives others. */
const seed = Number(environment['KILL_TABLE_SEED'] ?? 20_781);
/** Only rows whose name matches this. */
const only = environment['KILL_TABLE_ONLY'] ?? '';
/** Rows at the same time, each in a sandbox of its own: a rotation waits half of its time. */
const lanes = Number(environment['KILL_TABLE_LANES'] ?? 2);

/** For how long rows are begun, after the rotation that nobody disturbs. */
export const minutesOf = (usual: number): number => Number(environment['KILL_TABLE_MINUTES'] ?? usual);
/** What a table may take: its rows, an undisturbed rotation before, and a row that comes to its end. */
export const timeOf = (usual: number): number => (minutesOf(usual) + 10) * 60_000;

/** Rows of a kill table for as long as it was given: none may fail, and some must strike. */
export async function runKillTable(rotation: KilledRotation, minutes: number): Promise<void> {
  const killable = buildKillable();
  const benches = new Set<KillBench>();
  const startBench = async (): Promise<KillBench> => {
    const bench = await KillBench.start(rotation, estate, killable);
    benches.add(bench);
    return bench;
  };
  const stopBench = async (bench: KillBench): Promise<void> => {
    benches.delete(bench);
    await bench.stop();
  };
  try {
    const random = seeded(seed);
    const first = await startBench();
    const { points, problems } = await first.undisturbed();
    expect(problems, 'a rotation that nobody disturbs').toEqual([]);
    const until = performance.now() + minutes * 60_000;

    const possible = rowsOf(points, first.nodes);
    const chosen = shuffled(possible.filter((row) => new RegExp(only).test(rowName(row))), random);
    let number = 0;
    let randomRows = 0;
    const next = (): Row | undefined => {
      number++;
      if (only !== '' || number % RANDOM_EVERY !== 0) return chosen.shift();
      randomRows++;
      return randomRow(points, first.nodes, random);
    };
    const results: RowResult[] = [];
    const failures: string[] = [];
    const lane = async (bench: KillBench): Promise<void> => {
      for (let row = performance.now() < until ? next() : undefined; row !== undefined; row = performance.now() < until ? next() : undefined) {
        const result = await bench.runRow(row, `Kill table, seed ${seed}, row ${number}`);
        results.push(result);
        console.log(`${result.problems.length === 0 ? 'completed' : 'FAILED   '} ${rowName(row)}: ${result.struck ? '' : 'never reached, '}${result.runs} run(s), ${result.seconds} s`);
        if (result.problems.length === 0) continue;
        failures.push(`${rowName(row)}\n${result.problems.map((one) => `- ${one}`).join('\n')}\n${await bench.evidence().catch(String)}`);
        console.log(failures.at(-1));
        // What a failed row left would fail the next ones too.
        await stopBench(bench);
        bench = await startBench();
      }
    };
    await Promise.all(Array.from({ length: lanes }, async (_, index) => lane(index === 0 ? first : await startBench())));
    console.log(`Kill table of "${rotation.runbook}", seed ${seed}: ${results.length - randomRows} rows run of ${possible.length} possible, and ${randomRows} at random times; ${results.filter((one) => one.struck).length} struck; ${failures.length} failed.`);
    expect(results.some((one) => one.struck)).toBe(true);
    expect(failures).toEqual([]);
  } finally {
    await Promise.all([...benches].map(stopBench));
    rmSync(killable, { recursive: true, force: true });
  }
}

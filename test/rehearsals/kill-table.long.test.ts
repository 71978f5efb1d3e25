import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildKillable, KillBench, randomRow, rowName, rowsOf, seeded, shuffled, type Row, type RowResult } from '../support/killing/kill-table.ts';

const ESTATE = 'test/estates/smallest.json';
const minutes = Number(process.env['KILL_TABLE_MINUTES'] ?? 8);
/** Each day other rows by default; the seed is printed, so that a failure can be had again. */
const seed = Number(process.env['KILL_TABLE_SEED'] ?? Math.floor(Date.now() / 86_400_000));
/** Only rows whose name matches this. */
const only = process.env['KILL_TABLE_ONLY'] ?? '';
/** One in so many rows is a random time after a random point. */
const RANDOM_EVERY = 5;

let killable: string;
let bench: KillBench | null = null;
beforeAll(async () => {
  killable = buildKillable();
  bench = await KillBench.start(ESTATE, killable);
});
afterAll(async () => {
  await bench?.stop();
  rmSync(killable, { recursive: true, force: true });
});

test('kill table: whatever is killed at whichever point, starting the host and running the runbook again completes the rotation', { timeout: (minutes + 10) * 60_000 }, async () => {
  const until = performance.now() + minutes * 60_000;
  const random = seeded(seed);
  const { points, problems } = await bench!.undisturbed();
  expect(problems, 'a rotation that nobody disturbs').toEqual([]);

  const possible = rowsOf(points);
  const chosen = shuffled(possible.filter((row) => new RegExp(only).test(rowName(row))), random);
  const results: RowResult[] = [];
  const failures: string[] = [];
  let randomRows = 0;
  while (performance.now() < until) {
    const isRandom = only === '' && results.length % RANDOM_EVERY === RANDOM_EVERY - 1;
    const row: Row | undefined = isRandom ? randomRow(points, random) : chosen.shift();
    if (row === undefined) break;
    if (isRandom) randomRows++;
    const result = await bench!.runRow(row, `Kill table, seed ${seed}, row ${results.length + 1}`);
    results.push(result);
    console.log(`${result.problems.length === 0 ? 'completed' : 'FAILED   '} ${rowName(row)}: ${result.struck ? '' : 'never reached, '}${result.runs} run(s), ${result.seconds} s`);
    if (result.problems.length > 0) {
      failures.push(`${rowName(row)}\n${result.problems.map((one) => `- ${one}`).join('\n')}\n${await bench!.evidence().catch(String)}`);
      console.log(failures.at(-1));
      // What a failed row left would fail the next ones too.
      await bench!.stop();
      bench = await KillBench.start(ESTATE, killable);
    }
  }
  console.log(`Kill table, seed ${seed}: ${results.length - randomRows} rows run of ${possible.length} possible, and ${randomRows} at random times; ${results.filter((one) => one.struck).length} struck; ${failures.length} failed.`);
  expect(results.some((one) => one.struck)).toBe(true);
  expect(failures).toEqual([]);
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** A row of one of the tables: its id, and the cells for guard and test. */
interface Row { id: string; guard: string; test: string }

const rows: Row[] = readFileSync('docs/failure-modes.md', 'utf8').split('\n')
  .map((line) => /^\| ([A-D]\d+) \| .+? \| (.+) \| (.+) \|$/.exec(line))
  .filter((found) => found !== null)
  .map(([, id, guard, test]) => ({ id: id!, guard: guard!, test: test! }));
const ids = rows.map((row) => row.id);
const upTo = (letter: string, last: number) => Array.from({ length: last }, (_, index) => `${letter}${index + 1}`);
const namedTests = rows.flatMap(({ id, test }) => [...test.matchAll(/`(test\/[^`]+)`: "(.+?)"(?=;|$)/g)].map(([, file, sentence]) => ({ id, file: file!, sentence: sentence! })));

describe('docs/failure-modes.md', () => {
  it('has a row for each id of the letters A and D, in their order, and none twice', () => {
    expect(ids.filter((id) => id.startsWith('A'))).toEqual(upTo('A', 41));
    expect(ids.filter((id) => id.startsWith('D'))).toEqual(upTo('D', 20));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('names only files that are there', () => {
    const named = rows.flatMap(({ guard, test }) => [...`${guard} ${test}`.matchAll(/`((?:src|test|steps)\/[^`]+)`/g)].map(([, path]) => path!));
    expect(named.length).toBeGreaterThan(ids.length);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
  });

  it('names only tests that are there, by their whole sentence', () => {
    const missing = namedTests.filter(({ file, sentence }) => {
      const source = readFileSync(file, 'utf8').replaceAll(/\\(['"`])/g, '$1');
      return !['\'', '"', '`'].some((quote) => source.includes(`${quote}${sentence}${quote}`));
    });
    expect(missing).toEqual([]);
  });

  it('says for each id which test holds it, or that there is none yet', () => {
    const tested = new Set(namedTests.map((one) => one.id));
    expect(rows.filter(({ id, test }) => !tested.has(id) && !test.startsWith('Not yet')).map((row) => row.id)).toEqual([]);
  });

  it('has a row for each id that a refusal gives', () => {
    const given = readdirSync('src/errors').flatMap((name) => [...readFileSync(join('src/errors', name), 'utf8').matchAll(/failureMode: '([^']+)'/g)].map(([, id]) => id!));
    expect(given.length).toBeGreaterThan(0);
    expect([...new Set(given)].filter((id) => !ids.includes(id))).toEqual([]);
  });
});

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('the committed schemas and types are what `npm run schemas` makes', { timeout: 60_000 }, () => {
  expect(spawnSync(process.execPath, ['src/packaging/schemas.mjs', '--check'], { encoding: 'utf8' })).toMatchObject({ stdout: '', stderr: '', status: 0 });
});

it('marks secrets in the input schemas and refuses unknown inputs', () => {
  const schema = JSON.parse(readFileSync('schemas/inputs/plan-server-certificate.schema.json', 'utf8')) as { additionalProperties: boolean; properties: Record<string, { isSensitiveValue?: boolean }> };
  expect(schema.additionalProperties).toBe(false);
  expect(Object.entries(schema.properties).filter(([, property]) => property.isSensitiveValue === true).map(([name]) => name)).toEqual(['ApiKey', 'Secret']);
});

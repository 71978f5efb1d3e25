import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { SummaryEvent } from '../../schemas/types/rehearsal-event.ts';
import { rehearse } from '../support/rehearsal.ts';

describe('rehearse --rotation tentacle-certificates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tcr-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  it('completes on the default estate, and says whose certificates are new', async () => {
    const { code, lines, error } = await rehearse(['--json', '--rotation', 'tentacle-certificates', '--home', join(folder, 'home')]);
    const summary = JSON.parse(lines.at(-1)!) as SummaryEvent;
    expect([code, error]).toEqual([0, '']);
    expect(summary).toMatchObject({ outcome: 'completed', proved: expect.any(Number), rotation: expect.stringMatching(/^tc-/), oldThumbprint: null, newThumbprint: null });
    // One more where there is a pwsh.
    expect(summary.proved).toBeGreaterThanOrEqual(7);
    expect(summary.leftBehind.map((one) => one.machine)).toEqual(['branch-07', 'legacy-01']);
    console.log(`Rehearsal of Tentacle certificates: ${summary.seconds} s`);
  });
});

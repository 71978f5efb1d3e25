import { expect, it, vi } from 'vitest';
import { openedOnce } from './opened-once.ts';
import { Observer } from './truth.ts';
import { World } from './world/world.ts';
import { RUNBOOK_NAME } from './world/runbooks.ts';

vi.mock('../../src/certificates/pfx.ts', async (original) => {
  const real = await original<typeof import('../../src/certificates/pfx.ts')>();
  return { ...real, openPfx: openedOnce(real.openPfx) };
});

it('smoke', async () => {
  const world = new World([{ name: 'web-01', route: 'listening' }, { name: 'poll-01', route: 'polling' }]);
  const observer = new Observer(world);
  for (let n = 0; n < 6; n++) {
  const begin = performance.now();
  world.octopus.queueRun(RUNBOOK_NAME, 'Snapshot 1', { 'Rotation.Force': `INC-${n}` });
  await world.time.pass(3_600_000, () => world.isQuiet);
  const mid = performance.now();
  const problems = await observer.problems(true);
  console.log(mid - begin, performance.now() - mid, world.events.length, observer.entries(observer.rotationIds.at(-1)!).length);
  if (n === 0) console.log(world.story.join('\n'));
  expect(problems).toEqual([]);
  }
});

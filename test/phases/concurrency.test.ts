import { expect, it } from 'vitest';
import { allEnded, inParallel } from '../../src/phases/concurrency.ts';

function gate(): { open: () => void; opened: Promise<void> } {
  let open = () => undefined as void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

it('after a failure nothing new is begun, and what is under way is waited for before the failure is told', async () => {
  const slow = gate();
  const begun: number[] = [];
  const ended: number[] = [];
  let told = false;
  const all = inParallel([0, 1, 2, 3], 2, async (item) => {
    begun.push(item);
    if (item === 0) throw new Error('503');
    await slow.opened;
    ended.push(item);
  }).catch((error: unknown) => {
    told = true;
    return (error as Error).message;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect([begun, told]).toEqual([[0, 1], false]);
  slow.open();
  expect(await all).toBe('503');
  expect([begun, ended]).toEqual([[0, 1], [1]]);
});

it('never more than the limit are under way, and the results keep the order', async () => {
  let now = 0;
  let most = 0;
  const results = await inParallel([5, 3, 1, 4, 2], 2, async (item) => {
    most = Math.max(most, ++now);
    for (let turn = 0; turn < item; turn++) await Promise.resolve();
    now -= 1;
    return item * 10;
  });
  expect([results, most]).toEqual([[50, 30, 10, 40, 20], 2]);
});

it('all that was begun has ended when one of them failed', async () => {
  const slow = gate();
  let ended = false;
  const both = allEnded([Promise.reject(new Error('first')), slow.opened.then(() => (ended = true))] as const);
  slow.open();
  await expect(both).rejects.toThrow('first');
  expect(ended).toBe(true);
});

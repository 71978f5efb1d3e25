/**
 * Does `work` on every item, at most `limit` at once, and keeps the order of the results. After a failure nothing new is begun, and what is
 * under way is waited for before the first failure is thrown, so that nothing goes on behind the caller's back.
 */
export async function inParallel<T, R>(items: readonly T[], limit: number, work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  async function worker(): Promise<void> {
    try {
      for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index]!, index);
    } catch (error) {
      next = items.length;
      throw error;
    }
  }
  await allEnded(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

/** Waits until all of them have ended, whether well or not, and throws the first failure, if any. */
export async function allEnded<T extends readonly Promise<unknown>[]>(works: T): Promise<{ [At in keyof T]: Awaited<T[At]> }> {
  await Promise.allSettled(works);
  return Promise.all(works) as Promise<{ [At in keyof T]: Awaited<T[At]> }>;
}

/** Splits a list into pieces of at most `size`. */
export function batches<T>(items: readonly T[], size: number): T[][] {
  const pieces: T[][] = [];
  for (let start = 0; start < items.length; start += size) pieces.push(items.slice(start, start + size));
  return pieces;
}

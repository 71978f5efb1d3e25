import { defineConfig } from 'vitest/config';

/**
 * `short` is what `npm test` runs; `long` holds the kill table, conformance and whole rehearsals (`npm run test:long`), three at once. CI runs both, and has
 * 25 minutes for them; `longest` (`npm run test:longest`) holds the rehearsals beyond that.
 */
export default defineConfig({
  test: {
    globalSetup: ['test/support/build.ts'],
    projects: [
      { extends: true, test: { name: 'short', include: ['test/**/*.test.ts'], exclude: ['test/**/*.{long,longest}.test.ts'], testTimeout: 30_000, hookTimeout: 60_000, maxWorkers: 2, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'long', include: ['test/**/*.long.test.ts'], testTimeout: 1_200_000, hookTimeout: 120_000, maxWorkers: 3, sequence: { groupOrder: 1 } } },
      { extends: true, test: { name: 'longest', include: ['test/**/*.longest.test.ts'], testTimeout: 1_200_000, hookTimeout: 120_000, maxWorkers: 3, sequence: { groupOrder: 2 } } },
    ],
  },
});

// How everything of the product is bundled for a process of its own: options of esbuild that hold wherever that is done.
import { join } from 'node:path';

/** What every bundle has in common, the embedded Octopus included. */
export const bundleOptions = (root) => ({ bundle: true, platform: 'node', format: 'cjs', logLevel: 'warning', absWorkingDir: root, legalComments: 'none', charset: 'utf8' });

/** A bundle of the product: the oldest Node that runs it, and stand-ins for what its libraries never get to use. */
export const productOptions = (root) => ({
  ...bundleOptions(root), target: 'node18', minify: true, write: false,
  alias: Object.fromEntries(['node-forge', 'follow-redirects', 'form-data', 'https-proxy-agent'].map((name) => [name, join(root, 'src/packaging/stand-ins', `${name}.cjs`)])),
});

// The scripts that run on machines are long texts, and every phase that changes trust carries all of them. In the bundles of the feed
// package each such module (nothing but exported texts) holds its texts deflated; they are inflated when the module is first used.
import { buildSync } from 'esbuild';
import { deflateRawSync } from 'node:zlib';

const SCRIPT_MODULE = /[\\/]src[\\/]tentacle[\\/](bash|powershell)[\\/][\w-]+\.ts$/;

/** An esbuild plugin. A module of those folders that holds anything but texts is bundled as it is. */
export function packedScripts() {
  return {
    name: 'packed-scripts',
    setup(build) {
      build.onLoad({ filter: SCRIPT_MODULE }, async ({ path }) => {
        // With what it is put together from: a piece that stands in several scripts is packed into each.
        const { text: code } = buildSync({ entryPoints: [path], bundle: true, write: false, format: 'esm', platform: 'node' }).outputFiles[0];
        const texts = await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
        if (Object.values(texts).some((text) => typeof text !== 'string')) return undefined;
        const packed = Object.entries(texts).map(([name, text]) => `export const ${name} = inflate('${deflateRawSync(text, { level: 9 }).toString('base64')}');`);
        return {
          contents: `import { inflateRawSync } from 'node:zlib';\nconst inflate = (packed) => inflateRawSync(Buffer.from(packed, 'base64')).toString('utf8');\n${packed.join('\n')}\n`,
          loader: 'js',
        };
      });
    },
  };
}

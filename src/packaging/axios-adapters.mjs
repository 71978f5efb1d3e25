// Axios brings three ways to send a request; in Node the one over node:http is always taken. The two for browsers are left out of the bundles.

/** An esbuild plugin. */
export function withoutBrowserAdapters() {
  return {
    name: 'without-browser-adapters',
    setup(build) {
      build.onResolve({ filter: /^\.\/(xhr|fetch)\.js$/ }, ({ path, importer }) => (/[\\/]axios[\\/]lib[\\/]adapters[\\/]adapters\.js$/.test(importer) ? { path, namespace: 'browser-adapter' } : undefined));
      build.onLoad({ filter: /.*/, namespace: 'browser-adapter' }, () => ({ contents: 'export const getFetch = () => false;\nexport default false;\n', loader: 'js' }));
    },
  };
}

// node-forge opens the PFX files; what is in a certificate Node itself reads (src/certificates/certificate.ts). forge's own module for
// certificates is needed only where one is made (src/certificates/make.ts). Without it forge hands a certificate out as the ASN.1 that it
// is, as it does with any that it cannot interpret, and each bundle is 45 kB smaller.

/** An esbuild plugin for bundles that make no certificate; one that would is not built. */
export function withoutForgeCertificates() {
  return {
    name: 'without-forge-certificates',
    setup(build) {
      build.onResolve({ filter: /^\.\/x509$/ }, ({ path, importer }) => (/[\\/]node-forge[\\/]lib[\\/]/.test(importer) ? { path, namespace: 'forge-certificates' } : undefined));
      build.onLoad({ filter: /.*/, namespace: 'forge-certificates' }, () => ({ contents: 'module.exports = {};\n', loader: 'js' }));
      build.onLoad({ filter: /[\\/]src[\\/]certificates[\\/]make\.ts$/ }, () => {
        throw new Error('A bundle that makes certificates needs all of node-forge: src/packaging/build.mjs');
      });
    },
  };
}

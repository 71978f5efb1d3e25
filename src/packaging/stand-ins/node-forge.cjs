// The parts of node-forge that the product uses: PFX, certificates, digests. Its own index also brings TLS, SSH, Ed25519, PKCS#7 and more.
module.exports = require('../../../node_modules/node-forge/lib/forge');
require('../../../node_modules/node-forge/lib/asn1');
require('../../../node_modules/node-forge/lib/md');
require('../../../node_modules/node-forge/lib/pkcs12');
require('../../../node_modules/node-forge/lib/pki');
require('../../../node_modules/node-forge/lib/util');

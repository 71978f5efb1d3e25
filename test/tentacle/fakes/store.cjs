// Where the fake Tentacle keeps its list: Tentacle.config in the form of tentacle-trust.md section 4 where there is one, else world.json.
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const dir = process.env.FAKE_DIR;
const file = `${dir}/Tentacle.config`;
const SET = /<set key="Tentacle\.Communication\.TrustedOctopusServers">([^<]*)<\/set>/gi;
const NAMES = { none: 0, tentaclepassive: 1, tentacleactive: 2, kubernetestentacle: 11 };
const ENTITIES = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const decode = (text) => text.replace(/&(?:#x([0-9a-f]+)|#([0-9]+)|(\w+));/gi, (_all, hex, decimal, name) => (name ? ENTITIES[name] : String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal))));

const world = () => JSON.parse(readFileSync(`${dir}/world.json`, 'utf8'));
exports.world = () => {
  if (!existsSync(file)) return world();
  const bytes = readFileSync(file);
  const text = bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.toString('utf16le') : bytes.toString('utf8');
  const value = [...text.matchAll(SET)].at(-1)?.[1] ?? '[]';
  const trusted = JSON.parse(decode(value)).map((entry) => {
    const field = (name) => Object.entries(entry).find(([key]) => key.toLowerCase() === name)?.[1] ?? null;
    const style = field('communicationstyle') ?? 0;
    return { Thumbprint: field('thumbprint'), CommunicationStyle: typeof style === 'string' ? NAMES[style.toLowerCase()] : style, Address: field('address'), Squid: field('squid'), SubscriptionId: field('subscriptionid') };
  });
  return { ...world(), trusted };
};
exports.save = (changed) => {
  if (!existsSync(file)) return writeFileSync(`${dir}/world.json`, JSON.stringify(changed));
  const value = JSON.stringify(changed.trusted).replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);
  writeFileSync(file, readFileSync(file, 'utf8').replace(SET, () => `<set key="Tentacle.Communication.TrustedOctopusServers">${value}</set>`));
};

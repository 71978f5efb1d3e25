import fc from 'fast-check';

const OLD = 'A'.repeat(40);
const NEW = 'B'.repeat(40);

const blank = fc.constantFrom('', ' ', '\n  ');
const thumbprint = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(OLD, OLD, NEW, 'C'.repeat(40), 'D'.repeat(40)) }, fc.constantFrom(OLD.toLowerCase(), NEW.toLowerCase(), ` ${OLD}`, 'c'.repeat(40), 'odd \u200e'));
const address = fc.oneof({ weight: 5, arbitrary: fc.constantFrom('https://n1:10943', 'https://n1:10943/', 'HTTPS://N1:10943', 'https://n2:10943/', 'https://n3', 'https://n3:443/', 'wss://n1/OctopusComms', null, null) }, fc.string(), fc.constantFrom('https://u@n2:10943/#x', 'https://z\u00fcrich/?<a>&"b"'));
const entry = fc.record({
  thumbprint, address, style: fc.constantFrom(1, 2, 2, 2, 11, 'TentacleActive', 'tentaclepassive', undefined),
  subscription: fc.constantFrom('poll://a/', 'poll://a/', 'poll://b/', null), names: fc.constantFrom(0, 1, 2), extra: fc.option(fc.json({ depthSize: 'xsmall' }), { nil: undefined }), blanks: fc.tuple(blank, blank),
});
/** Any list, in the forms that a Tentacle or a person writes; thumbprints and addresses from few, so that they meet. */
export const anyList = fc.tuple(fc.array(entry, { maxLength: 8 }), blank).map(([entries, gap]) => `[${gap}${entries.map((one) => {
  const name = (text: string) => JSON.stringify(one.names === 0 ? text : one.names === 1 ? text.toLowerCase() : text.toUpperCase());
  const fields = [`${name('Thumbprint')}:${one.blanks[1]}${JSON.stringify(one.thumbprint)}`];
  if (one.style !== undefined) fields.push(`${name('CommunicationStyle')}:${JSON.stringify(one.style)}`);
  fields.push(`${name('Address')}:${JSON.stringify(one.address)}`, `${name('Squid')}:null`);
  if (one.extra !== undefined) fields.push(`"Extra":${one.extra}`);
  fields.push(`${name('SubscriptionId')}:${JSON.stringify(one.subscription)}`);
  return `${one.blanks[0]}{${fields.join(`,${one.blanks[1]}`)}}`;
}).join(`${gap},`)}${gap}]`);

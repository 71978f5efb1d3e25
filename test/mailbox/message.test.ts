import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rotationSecrets } from '../../src/journal/secrets.ts';
import { BEFORE_ALL, isAfter, nodeKey, newestOf, openMessage, sealMessage, type Body, type Message } from '../../src/mailbox/message.ts';
import { canonical } from '../../src/schema/canonical.ts';
import { ANSWER, EXPECTED, KEY, LOOK, OTHER_ROTATION, ROTATION, unsealed } from './support.ts';

const thumbprint = fc.stringMatching(/^[0-9A-F]{40}$/);
const place = fc.record({ fence: fc.integer({ min: 1, max: 50 }), sequence: fc.integer({ min: 1, max: 50 }) });
const body: fc.Arbitrary<Body> = fc.oneof(
  fc.record({ kind: fc.constant('command' as const), command: fc.constantFrom('look' as const, 'restart' as const, 'start' as const, 'dismiss' as const), expected: fc.option(thumbprint) }),
  fc.record({
    kind: fc.constant('answer' as const), answers: place, outcome: fc.constantFrom('done' as const, 'interrupted' as const, 'refused' as const), presents: fc.option(thumbprint), database: fc.option(thumbprint),
    text: fc.string({ unit: 'binary', maxLength: 200 }), refusal: fc.option(fc.record({ code: fc.constant('NODE_UNKNOWN'), message: fc.string(), safe: fc.string(), next: fc.string() })),
    node: fc.record({ name: fc.string({ unit: 'grapheme' }), port: fc.integer({ min: 1, max: 65535 }), addresses: fc.array(fc.stringMatching(/^[0-9a-z.:]{1,20}$/)), relaySha256: fc.stringMatching(/^[0-9a-f]{64}$/) }),
  }),
);
const message = fc.record({ place, body }).map(({ place: at, body: said }) => unsealed({ ...at, body: said }));

describe('a message between relays', () => {
  it('reads back as it was sealed, in whatever order a carrier writes its keys, and shows Octopus nothing to expand (D13)', () => {
    fc.assert(fc.property(message, (sent) => {
      const text = sealMessage(sent, KEY);
      expect(text).not.toContain('#');
      const turned = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse()));
      for (const each of [text, turned]) {
        const opened = openMessage(each, KEY, EXPECTED);
        expect(opened).toHaveProperty('message');
        expect(canonical((opened as { message: Message }).message.body)).toBe(canonical(JSON.parse(JSON.stringify(sent.body))));
      }
    }));
  });

  it('rule 11: changed in any one character it says nothing else: it is refused, or it is the very same message', () => {
    fc.assert(fc.property(message, fc.nat(), fc.constantFrom('0', '1', 'a', '"', '}', ' ', 'F'), (sent, at, character) => {
      const text = sealMessage(sent, KEY);
      const place = at % text.length;
      const changed = text.slice(0, place) + character + text.slice(place + 1);
      const opened = openMessage(changed, KEY, EXPECTED);
      if ('message' in opened) expect(canonical(opened.message)).toBe(canonical(JSON.parse(text)));
    }));
  });

  it('never throws, whatever text somebody puts there', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), message.map((one) => JSON.stringify(one))), (text) => {
      expect(openMessage(text, KEY, EXPECTED)).toHaveProperty('reason');
    }));
  });

  it('rule 11: under another secret its authentication code is wrong', () => {
    const foreign = rotationSecrets('t'.repeat(40)).mailboxKey(ROTATION);
    expect(openMessage(sealMessage(unsealed(), foreign), KEY, EXPECTED)).toEqual({ reason: 'its authentication code is wrong' });
  });

  it('rule 11: of another rotation it is refused, under that rotation\'s key and under this one\'s', () => {
    const other = rotationSecrets('s'.repeat(40)).mailboxKey(OTHER_ROTATION);
    const sent = unsealed({ rotationId: OTHER_ROTATION });
    expect(openMessage(sealMessage(sent, other), KEY, EXPECTED)).toEqual({ reason: 'its authentication code is wrong' });
    expect(openMessage(sealMessage(sent, KEY), KEY, EXPECTED)).toEqual({ reason: `it belongs to rotation ${OTHER_ROTATION}` });
  });

  it('for another node, or from one that is not the leader, it is refused', () => {
    const other = nodeKey('OctopusServerNodes-NODE3');
    expect(openMessage(sealMessage(unsealed({ to: other }), KEY), KEY, EXPECTED)).toHaveProperty('reason');
    expect(openMessage(sealMessage(unsealed({ from: other }), KEY), KEY, EXPECTED)).toHaveProperty('reason');
  });

  it('too long a text is not read', () => {
    expect(openMessage(sealMessage(unsealed({ body: { ...ANSWER, text: 'x'.repeat(20_000) } }), KEY), KEY, EXPECTED)).toHaveProperty('reason');
  });
});

describe('the newest of what several carriers hold', () => {
  it('rule 11: is never at or before what was seen, and is the last of all the others', () => {
    fc.assert(fc.property(fc.array(place, { maxLength: 8 }), place, (places, seen) => {
      const { message: newest } = newestOf(places.map((each) => sealMessage(unsealed(each), KEY)), KEY, EXPECTED, seen);
      const after = places.filter((each) => isAfter(each, seen));
      if (after.length === 0) expect(newest).toBeNull();
      else for (const each of after) expect(isAfter(each, newest!)).toBe(false);
      if (newest) expect(isAfter(newest, seen)).toBe(true);
    }));
  });

  it('rule 11: a fence below the highest seen is refused with a reason, a higher sequence notwithstanding', () => {
    const { message: newest, refused } = newestOf([sealMessage(unsealed({ fence: 4, sequence: 99 }), KEY)], KEY, EXPECTED, { fence: 5, sequence: 1 });
    expect(newest).toBeNull();
    expect(refused).toEqual(['its fence 4 is below 5']);
  });

  it('one that is refused hides none that is good', () => {
    const good = sealMessage(unsealed({ fence: 2, sequence: 2 }), KEY);
    const { message: newest, refused } = newestOf(['nonsense', sealMessage(unsealed({ fence: 9, body: LOOK }), new Uint8Array(32)), good], KEY, EXPECTED, BEFORE_ALL);
    expect(newest).toMatchObject({ fence: 2, sequence: 2 });
    expect(refused).toHaveLength(2);
  });
});

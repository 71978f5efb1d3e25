import { createHash } from 'node:crypto';
import type * as Certificate from '../../src/certificates/certificate.ts';
import type * as Pfx from '../../src/certificates/pfx.ts';
import type * as Line from '../../src/journal/line.ts';
import type * as Message from '../../src/mailbox/message.ts';
import type * as Secrets from '../../src/journal/secrets.ts';

/**
 * The same certificates, secrets and rotation ids serve every sequence, and what is worked out of them would take most of the time: each
 * is worked out once by the product's own code, and remembered by everything that it depends on. Failures are not remembered.
 */
const LIMIT = 5_000;

function remembered<Value>(): (key: string, make: () => Value) => Value {
  const known = new Map<string, Value>();
  return (key, make) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const value = make();
    if (known.size >= LIMIT) known.clear();
    known.set(key, value);
    return value;
  };
}

/** A PFX is decrypted once. */
export function pfx(real: typeof Pfx): typeof Pfx {
  const known = new Map<string, ReturnType<typeof real.openPfx>>();
  return {
    ...real,
    openPfx: async (bytes, password, path) => {
      const key = `${createHash('sha1').update(bytes).digest('hex')} ${password}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      const opened = real.openPfx(bytes, password, path);
      await opened;
      known.set(key, opened);
      return opened;
    },
  };
}

export function certificate(real: typeof Certificate): typeof Certificate {
  const facts = remembered<ReturnType<typeof real.certificateFactsOf>>();
  return { ...real, certificateFactsOf: (given) => facts(typeof given === 'string' ? given : Buffer.from(given).toString('latin1'), () => real.certificateFactsOf(given)) };
}

export function secrets(real: typeof Secrets): typeof Secrets {
  const keys = remembered<Uint8Array>();
  const passwords = remembered<string>();
  return {
    ...real,
    rotationSecrets: (secret) => {
      const made = real.rotationSecrets(secret);
      const key = (purpose: 'journalKey' | 'relayJobKey' | 'mailboxKey') => (id: Parameters<typeof made.journalKey>[0]) => keys(`${secret} ${id} ${purpose}`, () => made[purpose](id));
      return { journalKey: key('journalKey'), relayJobKey: key('relayJobKey'), mailboxKey: key('mailboxKey'), pfxPassword: (id, which) => passwords(`${secret} ${id} ${which}`, () => made.pfxPassword(id, which)) };
    },
  };
}

/** A journal line that was found good is good wherever it stands in the same place, under the same key. */
export function line(real: typeof Line): typeof Line {
  const good = new Map<string, Extract<ReturnType<typeof real.openLine>, { entry: object }>>();
  return {
    ...real,
    openLine: (bytes, key, expected) => {
      const text = `${Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')} ${bytes.toString('latin1')}`;
      const before = good.get(text);
      if (before?.entry.sequence === expected.sequence && before.entry.previous === expected.previous) return before;
      const opened = real.openLine(bytes, key, expected);
      if ('entry' in opened) {
        if (good.size >= LIMIT) good.clear();
        good.set(text, opened);
      }
      return opened;
    },
  };
}

/** Relays read the same messages every second. */
export function message(real: typeof Message): typeof Message {
  const newest = remembered<ReturnType<typeof real.newestOf>>();
  return { ...real, newestOf: (texts, key, expected, seen) => newest(JSON.stringify([texts, Buffer.from(key).toString('latin1'), expected, seen]), () => real.newestOf(texts, key, expected, seen)) };
}

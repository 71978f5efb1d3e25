/** What the entries of a journal say about the certificate of one Tentacle, as a pure function. */
import type { Thumbprint } from '../certificates/thumbprint.ts';
import type { Entry } from './contract.ts';

/** The effect words about a Tentacle's certificate; the subject is the machine's key. */
export const CERTIFICATE_EFFECTS = {
  stage: 'stage-certificate',
  arm: 'arm-certificate',
  /** Every registration of it is to hold `thumbprint`. */
  register: 'register-certificate',
  /** The decision to keep OLD; its `done` says what it came to. */
  keepOld: 'keep-old-certificate',
  revert: 'revert-certificate',
  disarm: 'disarm-certificate',
  /** Document 1's task, which does all at once. */
  task: 'regenerate-by-task',
} as const;

/** How far the exchange of one Tentacle's certificate went. Each attempt begins with staging; a decision to keep OLD ends it. */
export interface TentacleFacts {
  /** Every NEW that was made for it in this rotation, the latest last. */
  news: Thumbprint[];
  /** NEW of the attempt that is under way or succeeded; null before it was made, and after an attempt was given up. */
  fresh: Thumbprint | null;
  /** No, perhaps (the intent is written), or yes (the machine said so). */
  armed: 'no' | 'perhaps' | 'yes';
  /** The thumbprint that its registrations were last told to hold. */
  registering: Thumbprint | null;
  /** Why OLD is to be kept, from the decision until it is carried through. */
  keepOld: string | null;
  /** Disarming NEW was begun: the machine may have confirmed it for good. */
  disarming: boolean;
  /** NEW was proved on a new connection, in this attempt. */
  proved: boolean;
  /** The end: NEW in force, registered, and nothing armed. */
  rotated: boolean;
}

const NOTHING: TentacleFacts = { news: [], fresh: null, armed: 'no', registering: null, keepOld: null, disarming: false, proved: false, rotated: false };

/** The facts about the machine `key`. Of a journal that only grew, only what is new is read again. */
export function tentacleFacts(entries: readonly Entry[], key: string): TentacleFacts {
  let index = indexes.get(entries);
  if (index === undefined || index.last !== entries[index.read - 1]) indexes.set(entries, (index = { read: 0, last: undefined, facts: new Map() }));
  for (; index.read < entries.length; index.read++) {
    const entry = entries[index.read]!;
    const before = index.facts.get(entry.subject) ?? NOTHING;
    const after = advance(before, entry);
    if (after !== before) index.facts.set(entry.subject, after);
  }
  index.last = entries[index.read - 1];
  return index.facts.get(key) ?? NOTHING;
}

interface Index { read: number; last: Entry | undefined; facts: Map<string, TentacleFacts> }
const indexes = new WeakMap<readonly Entry[], Index>();

function advance(facts: TentacleFacts, entry: Entry): TentacleFacts {
  switch (entry.kind) {
    case 'tentacle-certificate': {
      const { new: fresh } = entry.data;
      const isSame = facts.fresh === fresh;
      return { ...NOTHING, news: [...facts.news.filter((one) => one !== fresh), fresh], fresh, registering: facts.registering, ...(isSame ? { armed: facts.armed, disarming: facts.disarming, proved: facts.proved, keepOld: facts.keepOld } : {}) };
    }
    case 'proved':
      if (entry.data.claim === 'presents-new') return { ...facts, proved: true };
      if (entry.data.claim === 'disarmed') return { ...facts, rotated: true, disarming: false, armed: 'no' };
      return facts;
    case 'unproved':
      if (entry.data.claim === 'presents-new') return { ...facts, proved: false };
      if (entry.data.claim === 'disarmed') return { ...facts, rotated: false };
      return facts;
    case 'intent':
    case 'done':
      return withEffect(facts, entry.kind, entry.data);
    default:
      return facts;
  }
}

function withEffect(facts: TentacleFacts, kind: 'intent' | 'done', { effect, detail }: Entry<'intent'>['data']): TentacleFacts {
  switch (effect) {
    case CERTIFICATE_EFFECTS.arm:
      return { ...facts, armed: kind === 'done' ? 'yes' : 'perhaps' };
    case CERTIFICATE_EFFECTS.register:
      return kind === 'intent' ? { ...facts, registering: detail['thumbprint'] as Thumbprint } : facts;
    case CERTIFICATE_EFFECTS.disarm:
      // Its `done` comes before the proof; only the proof ends it.
      return kind === 'intent' ? { ...facts, disarming: true } : facts;
    case CERTIFICATE_EFFECTS.keepOld:
      return kind === 'intent' ? { ...facts, keepOld: String(detail['reason']) } : { ...facts, keepOld: null, ...(detail['kept'] === true ? { fresh: null, armed: 'no', disarming: false, proved: false } : {}) };
    default:
      return facts;
  }
}

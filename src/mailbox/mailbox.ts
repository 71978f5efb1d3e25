import { nodeErrors } from '../errors/nodes.ts';
import type { RotationId } from '../journal/rotation-id.ts';
import type { Clock } from '../ports/clock.ts';
import type { Files } from '../ports/files.ts';
import type { Carrier, Letter } from './carrier.ts';
import { BEFORE_ALL, isAfter, newestOf, openMessage, sealMessage, type Body, type Message, type Place } from './message.ts';

/** How long one carrier may take; a share that hangs must not hold up the other one. */
const CARRIER_MS = 10_000;

export interface MailboxOptions {
  carriers: readonly Carrier[];
  clock: Clock;
  files: Files;
  /** Where this side keeps what it sent and saw last. */
  statePath: string;
  rotationId: RotationId;
  key: Uint8Array;
  /** Who we are. */
  self: string;
  /** Told once for each text that is refused, or carrier that fails. */
  notice(text: string): void;
}

/** What this side remembers: nothing is sent with a place that was used, nothing older than what was seen is read (rule 11). */
interface State { sent: Place; seen: Record<string, Place>; /** The last letter to each, sent again by whoever is started again. */ last: Record<string, Letter> }

export interface Mailbox {
  /** Sends on every carrier that takes it; MAILBOX_UNREACHABLE when none does. What one carrier did not take is tried again with each receiving. */
  send(to: string, fence: number, body: Body): Promise<Place>;
  /** The newest message from `from` after what was settled; null when there is none. `read` is false when no carrier could be read: then nothing is known. */
  receive(from: string): Promise<{ message: Message | null; read: boolean }>;
  /** The message was dealt with: neither it nor anything before it is received again. */
  settle(message: Message): Promise<void>;
  /** Removes the rotation's messages from every carrier that can be reached, and forgets. */
  clear(): Promise<void>;
}

/** Opens this side of the mailbox; whatever was sent last is put again, since its sender may have been killed between two carriers. */
export async function openMailbox(options: MailboxOptions): Promise<Mailbox> {
  const { carriers, clock, files, statePath, rotationId, key, self, notice } = options;
  const state: State = (await files.facts(statePath)) === null ? { sent: BEFORE_ALL, seen: {}, last: {} } : (JSON.parse(Buffer.from(await files.read(statePath)).toString('utf8')) as State);
  const save = (): Promise<void> => files.replace(statePath, `${JSON.stringify(state)}\n`);
  const noticed = new Set<string>();
  const once = (text: string): void => {
    if (!noticed.has(text)) notice(text);
    noticed.add(text);
  };
  /** Carriers that have not taken the last letter to somebody yet. */
  const owed = new Map<string, Set<Carrier>>(Object.keys(state.last).map((to) => [to, new Set(carriers)]));

  /** Carriers that still hang from a call before: another call would hang as well. */
  const hanging = new Set<Carrier>();
  const bounded = async <T>(carrier: Carrier, work: () => Promise<T>): Promise<T | null> => {
    if (hanging.has(carrier)) return null;
    const over = new AbortController();
    try {
      const late = clock.sleep(CARRIER_MS, over.signal).then(() => Promise.reject(new Error(`it did not answer within ${CARRIER_MS / 1000} seconds`)));
      late.catch(() => undefined);
      hanging.add(carrier);
      const working = work().finally(() => hanging.delete(carrier));
      working.catch(() => undefined);
      return await Promise.race([working, late]);
    } catch (error) {
      once(`${carrier.name} cannot be used for messages: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    } finally {
      // With a reason of its own, none is made, with a stack, at each of many looks.
      over.abort('it is over');
    }
  };

  /** True of an authentic letter of ours that stands after this one: somebody suspended for long must not put an old one over it. */
  const isNewer = (letter: Letter) => (text: string): boolean => {
    const opened = openMessage(text, key, { rotationId, from: letter.from, to: letter.to });
    return 'message' in opened && isAfter(opened.message, letter);
  };

  const put = async (to: string): Promise<number> => {
    const carriersOwed = owed.get(to) ?? new Set();
    const letter = state.last[to]!;
    await Promise.all([...carriersOwed].map(async (carrier) => {
      if ((await bounded(carrier, async () => (await carrier.put(letter, isNewer(letter)), true))) === true) carriersOwed.delete(carrier);
    }));
    return carriers.length - carriersOwed.size;
  };

  const look = async (from: string): Promise<{ message: Message | null; read: boolean }> => {
    const read = await Promise.all(carriers.map((carrier) => bounded(carrier, () => carrier.read(from, self))));
    const texts = read.flatMap((each) => each ?? []);
    const seen = state.seen[from] ?? BEFORE_ALL;
    const { message, refused } = newestOf(texts, key, { rotationId, from, to: self }, seen);
    for (const reason of refused) once(`A message from ${from} is refused: ${reason}.`);
    return { message, read: read.some((each) => each !== null) };
  };

  /** Several nodes are asked at once; what is sent, seen and remembered has one order all the same. */
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  };

  return {
    send: (to, fence, body) => inTurn(async () => {
      const sequence = fence === state.sent.fence ? state.sent.sequence + 1 : 1;
      if (!isAfter({ fence, sequence }, state.sent)) throw nodeErrors.MAILBOX_OVERTAKEN({ mine: fence, found: state.sent.fence });
      const place = { fence, sequence };
      const text = sealMessage({ format: 1, rotationId, ...place, from: self, to, at: clock.now().toISOString(), body }, key);
      state.sent = place;
      state.last[to] = { from: self, to, ...place, text };
      await save();
      owed.set(to, new Set(carriers));
      if ((await put(to)) === 0) throw nodeErrors.MAILBOX_UNREACHABLE({ carriers: carriers.map((each) => each.name) });
      return place;
    }),
    receive: (from) => inTurn(async () => {
      for (const [to, carriersOwed] of owed) if (carriersOwed.size > 0) await put(to);
      return look(from);
    }),
    settle: ({ from, fence, sequence }) => inTurn(() => {
      state.seen[from] = { fence, sequence };
      return save();
    }),
    clear: () => inTurn(async () => {
      await Promise.all(carriers.map((carrier) => bounded(carrier, () => carrier.clear())));
      owed.clear();
      await files.remove(statePath);
    }),
  };
}


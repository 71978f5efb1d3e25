import { randomBytes } from 'node:crypto';
import type { Carrier, Letter } from '../../src/mailbox/carrier.ts';
import { LEADER, nodeKey, type AnswerBody, type CommandBody, type Message } from '../../src/mailbox/message.ts';
import { parseRotationId } from '../../src/journal/rotation-id.ts';
import { rotationSecrets } from '../../src/journal/secrets.ts';

export const ROTATION = parseRotationId('sc-20260105-0a1b2c3d');
export const OTHER_ROTATION = parseRotationId('sc-20260105-ffffffff');
export const KEY = rotationSecrets('s'.repeat(40)).mailboxKey(ROTATION);
export const NODE = nodeKey('OctopusServerNodes-NODE2');
export const EXPECTED = { rotationId: ROTATION, from: LEADER, to: NODE };
export const LOOK: CommandBody = { kind: 'command', command: 'look', expected: null };
export const ANSWER: AnswerBody = {
  kind: 'answer', answers: { fence: 1, sequence: 1 }, outcome: 'done', presents: null, database: null, text: '', refusal: null,
  node: { name: 'NODE2', port: 10943, addresses: ['10.0.0.2'], relaySha256: 'a'.repeat(64) },
};

export function unsealed(given: Partial<Message> = {}): Omit<Message, 'mac'> {
  return { format: 1, rotationId: ROTATION, fence: 1, from: LEADER, to: NODE, sequence: 1, at: '2026-01-05T10:00:00.000Z', body: LOOK, ...given };
}

/** What Octopus or a share would carry, with a switch: gone, or hanging. */
export class MemoryCarrier implements Carrier {
  readonly name = `memory ${randomBytes(2).toString('hex')}`;
  state: 'works' | 'gone' | 'hangs' = 'works';
  readonly letters = new Map<string, string>();
  calls = 0;

  private async through(): Promise<void> {
    this.calls += 1;
    if (this.state === 'hangs') await new Promise(() => undefined);
    if (this.state === 'gone') throw new Error('it is gone');
  }
  async put({ from, to, text }: Letter, isNewer: (text: string) => boolean): Promise<void> {
    await this.through();
    if (!isNewer(this.letters.get(`${from} ${to}`) ?? '')) this.letters.set(`${from} ${to}`, text);
  }
  async read(from: string, to: string): Promise<string[]> {
    await this.through();
    const text = this.letters.get(`${from} ${to}`);
    return text === undefined ? [] : [text];
  }
  async clear(): Promise<void> {
    await this.through();
    this.letters.clear();
  }
}

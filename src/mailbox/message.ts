import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import messageSchema from '../../schemas/node-message.schema.json' with { type: 'json' };
import type { NodeMessage } from '../../schemas/types/node-message.ts';
import { canonical } from '../schema/canonical.ts';
import { schemaProblem } from '../schema/check.ts';

export type Body = NodeMessage['body'];
export type CommandBody = Extract<Body, { kind: 'command' }>;
export type AnswerBody = Extract<Body, { kind: 'answer' }>;
export type Message<B extends Body = Body> = Omit<NodeMessage, 'body'> & { body: B };

/** The relay that leads, as a party of a message. */
export const LEADER = 'leader';

/** A node as a party of messages, in names of files and units: its id is foreign text. */
export function nodeKey(nodeId: string): string {
  return createHash('sha256').update(nodeId, 'utf8').digest('hex').slice(0, 16);
}

/** Longer texts are not read at all. */
export const MESSAGE_LIMIT = 16_384;

/** Where a message stands in what its writer said: first the fence, then the sequence under it. */
export interface Place { fence: number; sequence: number }
export const BEFORE_ALL: Place = { fence: 0, sequence: 0 };
export const isAfter = (one: Place, other: Place): boolean => one.fence > other.fence || (one.fence === other.fence && one.sequence > other.sequence);

/** The text of a message with its authentication code. Without `#`, which Octopus would expand where the variable is used (D13). */
export function sealMessage(message: Omit<Message, 'mac'>, key: Uint8Array): string {
  return JSON.stringify({ ...message, mac: macOf(message, key) }).replaceAll('#', '\\u0023');
}

/** Reads one text and says in `reason` why it is not to be trusted (rule 11). Its place is not judged here. */
export function openMessage(text: string, key: Uint8Array, expected: { rotationId: string; from: string; to: string }): { message: Message } | { reason: string } {
  if (text.length > MESSAGE_LIMIT) return { reason: `it is longer than ${MESSAGE_LIMIT} characters` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { reason: 'it is not JSON' };
  }
  const problem = schemaProblem(messageSchema, value);
  if (problem !== null) return { reason: `it does not fit the schema: ${problem.trimStart()}` };
  const message = value as Message;
  const { mac, ...rest } = message;
  if (!timingSafeEqual(Buffer.from(mac, 'hex'), Buffer.from(macOf(rest, key), 'hex'))) return { reason: 'its authentication code is wrong' };
  if (message.rotationId !== expected.rotationId) return { reason: `it belongs to rotation ${message.rotationId}` };
  if (message.from !== expected.from || message.to !== expected.to) return { reason: `it is from ${message.from} to ${message.to}` };
  return { message };
}

/** What is newest among texts from all carriers, and why others were refused: a fence or a sequence that is not after `seen` is old. */
export function newestOf(texts: readonly string[], key: Uint8Array, expected: { rotationId: string; from: string; to: string }, seen: Place): { message: Message | null; refused: string[] } {
  let newest: Message | null = null;
  const refused: string[] = [];
  for (const text of new Set(texts)) {
    const opened = openMessage(text, key, expected);
    if ('reason' in opened) refused.push(opened.reason);
    else if (opened.message.fence < seen.fence) refused.push(`its fence ${opened.message.fence} is below ${seen.fence}`);
    else if (isAfter(opened.message, newest ?? seen)) newest = opened.message;
  }
  return { message: newest, refused };
}

function macOf(message: object, key: Uint8Array): string {
  return createHmac('sha256', key).update(canonical(message), 'utf8').digest('hex');
}

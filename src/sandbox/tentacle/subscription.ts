import { randomInt } from 'node:crypto';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** The host part of a new `poll://.../`: 20 random letters and digits. */
export function randomSubscription(): string {
  return Array.from({ length: 20 }, () => letters[randomInt(letters.length)]).join('');
}

import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseRotationId } from '../../src/journal/rotation-id.ts';
import { rotationSecrets } from '../../src/journal/secrets.ts';
import { codeOf, ROTATION } from './support.ts';

const SECRET = 'a secret of this test, thirty-two characters or more';
const secrets = rotationSecrets(SECRET);

describe('The keys of a rotation', () => {
  it('are HKDF-SHA256 of Rotation.Secret (RFC 5869), so that another program can derive them', () => {
    const extracted = createHmac('sha256', 'octopus-rotation').update(SECRET).digest();
    const expanded = createHmac('sha256', extracted).update(`1 ${ROTATION} journal\u0001`).digest();
    expect(Buffer.from(secrets.journalKey(ROTATION))).toEqual(expanded);
  });

  it('are all different, and the same again from the same secret', () => {
    const other = parseRotationId('sc-20260105-ffffffff');
    const all = (made: typeof secrets, id: typeof ROTATION): string[] => [
      Buffer.from(made.journalKey(id)).toString('hex'), Buffer.from(made.relayJobKey(id)).toString('hex'), made.pfxPassword(id, 'old'), made.pfxPassword(id, 'new'),
    ];
    const keys = [...all(secrets, ROTATION), ...all(secrets, other), ...all(rotationSecrets(`${SECRET}.`), ROTATION)];
    expect(new Set(keys).size).toBe(12);
    expect(all(rotationSecrets(SECRET), ROTATION)).toEqual(keys.slice(0, 4));
  });

  it('make passwords that survive every command line', () => {
    for (let index = 0; index < 500; index++) {
      const id = parseRotationId(`sc-20260105-${index.toString(16).padStart(8, '0')}`);
      for (const which of ['old', 'new'] as const) expect(secrets.pfxPassword(id, which)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{42}$/);
    }
  });

  it('refuse a secret that install did not make, and do not show it', async () => {
    const short = 'x'.repeat(31);
    expect(await codeOf((async () => rotationSecrets(short))())).toBe('ROTATION_SECRET_TOO_SHORT');
    expect(() => rotationSecrets(short)).not.toThrow(short);
    rotationSecrets('x'.repeat(32));
  });
});

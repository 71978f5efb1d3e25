import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { searchSecrets } from './secret-search.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'secret-search-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const canary = { name: 'canary', value: 'Can+ary/0123 §"x\\y' };
const found = (text: string | Uint8Array, secret: { name: string; value: string | Uint8Array } = canary) => searchSecrets({ secrets: [secret], texts: [{ name: 'text', text }] });

test('a canary is found in each form in which a secret can leak', () => {
  const { value } = canary;
  const around = (text: string) => `{"a":1,"b":"${text}"}`;
  const forms: Record<string, string | Uint8Array> = {
    raw: around(value),
    hex: around(Buffer.from(value).toString('hex').toUpperCase()),
    'hex with separators': around(Buffer.from(value).toString('hex').replace(/..(?=.)/g, '$&:')),
    uri: `/api/x?password=${encodeURIComponent(value)}&y=1`,
    'uri in lower case': encodeURIComponent(value).replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase()),
    form: new URLSearchParams({ password: value }).toString(),
    json: JSON.stringify({ password: value }),
    'base64 of json': Buffer.from(JSON.stringify({ password: value })).toString('base64'),
    'base64 alone': Buffer.from(value).toString('base64'),
    'base64 with an odd start': Buffer.from(`x${value}yz`).toString('base64'),
    'base64 with another start': Buffer.from(`xx${value}y`).toString('base64'),
    'base64 wrapped': Buffer.from(`12345${value}`.padEnd(60)).toString('base64').replace(/.{8}/g, '$&\r\n'),
    'base64url': Buffer.from(`1${value}`).toString('base64url'),
    'UTF-16': Buffer.from(around(value), 'utf16le'),
    'PowerShell -EncodedCommand': Buffer.from(`set ${value}`, 'utf16le').toString('base64'),
  };
  expect(Object.entries(forms).filter(([, text]) => found(text).length === 0).map(([form]) => form)).toEqual([]);
});

test('a private key is found in DER, PEM, hex and inside something else', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  const secret = { name: 'key', value: der };
  expect(found(Buffer.concat([randomBytes(5), der, randomBytes(9)]), secret)).toHaveLength(1);
  expect(found(privateKey.export({ format: 'pem', type: 'pkcs8' }), secret)).toHaveLength(1);
  expect(found(JSON.stringify(privateKey.export({ format: 'pem', type: 'pkcs8' })), secret)).toHaveLength(1);
  expect(found(der.toString('hex'), secret)).toHaveLength(1);
});

test('a secret is found at every place of a base64 text', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 8, maxLength: 40 }), fc.uint8Array({ maxLength: 30 }), fc.uint8Array({ maxLength: 30 }), (value, before, after) => {
    expect(found(Buffer.concat([before, value, after]).toString('base64'), { name: 'bytes', value })).toHaveLength(1);
  }));
});

test('what is not there is not found', () => {
  expect(found(`nothing here ${Buffer.from('Can+ary/0123 §"x\\').toString('base64')}`)).toEqual([]);
  expect(found(randomBytes(20_000))).toEqual([]);
});

test('every file below a folder is read, and only the places named may hold it', () => {
  mkdirSync(join(folder, 'a', '.hidden'), { recursive: true });
  writeFileSync(join(folder, 'a', '.hidden', 'log'), `-- ${canary.value} --`);
  writeFileSync(join(folder, 'allowed.json'), canary.value);
  writeFileSync(join(folder, 'clean'), 'nothing');
  symlinkSync('/', join(folder, 'root'));
  const options = { secrets: [canary], folders: [folder] };
  expect(searchSecrets(options).map((one) => one.path)).toEqual(['a/.hidden/log', 'allowed.json']);
  expect(searchSecrets({ ...options, allowed: [{ path: /^allowed\.json$/, secret: /^canary$/ }] })).toEqual([{ secret: 'canary', form: 'raw', path: 'a/.hidden/log' }]);
  expect(searchSecrets({ ...options, allowed: [{ path: /./, secret: /^another$/ }] })).toHaveLength(2);
});

test('a search that could find nothing is refused', () => {
  expect(() => searchSecrets({ secrets: [{ name: 'short', value: 'abc' }], folders: [folder] })).toThrow(/too short/);
  expect(() => searchSecrets({ secrets: [canary], folders: [join(folder, 'missing')] })).toThrow(/nothing to search/);
});

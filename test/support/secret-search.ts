import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** A secret with a name to tell it by. A key or a certificate is given as the bytes of its DER form. */
export interface Secret { name: string; value: string | Uint8Array }

/** Where a secret was found, and in which form. `path` is relative to the folder that was searched, or the name of the text. */
export interface SecretFound { secret: string; form: string; path: string }

/** Text that is searched beside the files, e.g. a task log or an answer of the API. */
export interface NamedText { name: string; text: string | Uint8Array }

export interface SecretSearch {
  secrets: readonly Secret[];
  /** Every file below each folder is read, whatever its name; links are not followed. */
  folders?: readonly string[];
  texts?: readonly NamedText[];
  /** Places that may hold it: by the path or name as it would be reported, and the secret's name. */
  allowed?: readonly { path: RegExp; secret: RegExp }[];
}

/** Shorter ones would be found everywhere by chance. */
const SHORTEST = 8;

/** Finds secrets in raw, base64 (all alignments, with and without line ends), hex, URI-encoded, JSON-escaped and DER form. */
export function searchSecrets({ secrets, folders = [], texts = [], allowed = [] }: SecretSearch): SecretFound[] {
  const wanted = secrets.map((secret) => ({ secret, forms: formsOf(secret) }));
  const found: SecretFound[] = [];
  const look = (path: string, content: Uint8Array): void => {
    const views = viewsOf(content);
    for (const { secret, forms } of wanted) {
      const form = forms.find(({ view, text }) => views[view].includes(text));
      if (form === undefined || allowed.some((one) => one.path.test(path) && one.secret.test(secret.name))) continue;
      found.push({ secret: secret.name, form: form.name, path });
    }
  };
  for (const folder of folders) for (const path of filesBelow(folder)) look(relative(folder, path), readFileSync(path));
  for (const { name, text } of texts) look(name, Buffer.from(text));
  return found;
}

/** `raw` is the bytes as Latin-1; `lower` the same in lower case; `packed` without white space and escapes, which line-wrapped base64 has. */
type View = 'raw' | 'lower' | 'packed';

function viewsOf(content: Uint8Array): Record<View, string> {
  const raw = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('latin1');
  return { raw, lower: raw.toLowerCase(), packed: raw.replace(/\\[rnt]|[\s\0]+/g, '').replaceAll('\\/', '/').replaceAll('-', '+').replaceAll('_', '/') };
}

interface Form { name: string; view: View; text: string }

function formsOf({ name, value }: Secret): Form[] {
  const bytes = Buffer.from(value);
  if (bytes.length < SHORTEST) throw new Error(`The secret "${name}" is too short to be told from chance.`);
  const forms: Form[] = [
    { name: typeof value === 'string' ? 'raw' : 'DER', view: 'raw', text: bytes.toString('latin1') },
    { name: 'hex', view: 'lower', text: bytes.toString('hex') },
    { name: 'hex with separators', view: 'lower', text: [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':') },
    ...base64Forms(bytes, 'base64'),
  ];
  if (typeof value === 'string') {
    const utf16 = Buffer.from(value, 'utf16le');
    forms.push({ name: 'UTF-16', view: 'raw', text: utf16.toString('latin1') }, ...base64Forms(utf16, 'base64 of UTF-16'));
    const spellings = { 'URI-encoded': encodeURIComponent(value), 'form-encoded': new URLSearchParams({ v: value }).toString().slice(2), 'JSON-escaped': JSON.stringify(value).slice(1, -1) };
    for (const [form, text] of Object.entries(spellings)) forms.push({ name: form, view: 'raw', text: Buffer.from(text).toString('latin1') }, ...base64Forms(Buffer.from(text), `base64 of ${form}`));
    forms.push({ name: 'URI-encoded', view: 'lower', text: Buffer.from(spellings['URI-encoded']).toString('latin1').toLowerCase() });
  }
  return forms;
}

/** Inside a longer text the base64 of some bytes looks one of three ways; characters that also hold bits of the neighbours are left out. */
function base64Forms(bytes: Buffer, name: string): Form[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64').replaceAll('=', '');
    const from = before === 0 ? 0 : before + 1;
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    return { name: `${name}, alignment ${before}`, view: 'packed' as const, text: encoded.slice(from, to) };
  });
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) throw new Error(`There is nothing to search at ${folder}.`);
  return readdirSync(folder).sort().flatMap((name) => {
    const path = join(folder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    return found?.isDirectory() ? filesBelow(path) : found?.isFile() ? [path] : [];
  });
}

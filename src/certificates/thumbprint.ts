import { thumbprintErrors } from '../errors/thumbprint.ts';

/** SHA-1 of a certificate's DER, 40 upper-case hexadecimal digits. The form that Halibut compares exactly (A19). */
export type Thumbprint = string & { readonly __thumbprint: unique symbol };

const EXACT = /^[0-9A-F]{40}$/;

/**
 * Reads a thumbprint as people and programs write it. Letter case, blanks and colons between the bytes and blanks at the ends are
 * normalised; anything else (U+200E from a certificate dialog, a SHA-256, an empty text) is refused, never guessed (A19).
 */
export function parseThumbprint(text: string): Thumbprint {
  const plain = text.trim().replace(/[ :]/g, '').toUpperCase();
  if (!EXACT.test(plain)) throw thumbprintErrors.THUMBPRINT_MALFORMED({ text });
  return plain as Thumbprint;
}

/** True for a text that already has the exact form. */
export function isThumbprint(text: string): text is Thumbprint {
  return EXACT.test(text);
}

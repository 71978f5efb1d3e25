import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

const UNTOUCHED = 'The file was only read; nothing was changed.';
const exportAgain = (path: string) =>
  `Make it again from its certificate and key, with one certificate and 3DES, which every Octopus reads: openssl pkcs12 -export -inkey key.pem -in certificate.pem -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1 -out "${printable(path, 400)}"`;

export const certificateErrors = catalogue({
  CERTIFICATE_UNREADABLE: (values: { bytes: number }) => ({
    message: `These ${values.bytes} bytes are not an X.509 certificate.`,
    safe: 'Nothing was changed.',
    next: 'Give a certificate as DER or PEM.',
    failureMode: 'A20',
  }),
});

export const pfxErrors = catalogue({
  PFX_UNREADABLE: (values: { path: string; code: string }) => ({
    message: `The PFX "${printable(values.path, 400)}" cannot be read (${printable(values.code)}).`,
    safe: 'Nothing was changed.',
    next: 'Look at the path, and at the rights of the account that runs this command.',
    failureMode: 'A22',
  }),
  PFX_WRONG_PASSWORD: (values: { path: string; given: boolean }) => ({
    message: values.given
      ? `The PFX "${printable(values.path, 400)}" does not open with the password given (its MAC does not match).`
      : `The PFX "${printable(values.path, 400)}" needs a password, and none was given.`,
    safe: UNTOUCHED,
    next: 'Give the password that the file was exported with; blanks and letter case count.',
    failureMode: 'A20',
  }),
  PFX_NOT_A_PFX: (values: { path: string }) => ({
    message: `"${printable(values.path, 400)}" is not a PFX (PKCS #12) file.`,
    safe: UNTOUCHED,
    next: 'Give the file that export-certificate or new-certificate --export-pfx wrote; a .cer, .crt or .pem file holds no private key.',
    failureMode: 'A20',
  }),
  PFX_NO_MAC: (values: { path: string }) => ({
    message: `The PFX "${printable(values.path, 400)}" has no MAC, so nobody can tell whether it was changed or whether the password is right.`,
    safe: UNTOUCHED,
    next: exportAgain(values.path),
    failureMode: 'A20',
  }),
  PFX_NO_CERTIFICATE: (values: { path: string }) => ({
    message: `The PFX "${printable(values.path, 400)}" holds no certificate.`,
    safe: UNTOUCHED,
    next: exportAgain(values.path),
    failureMode: 'A33',
  }),
  PFX_SEVERAL_CERTIFICATES: (values: { path: string; count: number }) => ({
    message: `The PFX "${printable(values.path, 400)}" holds ${values.count} certificates; Octopus takes the first, which may have no key.`,
    safe: UNTOUCHED,
    next: exportAgain(values.path),
    failureMode: 'A33',
  }),
  PFX_NO_KEY: (values: { path: string }) => ({
    message: `The PFX "${printable(values.path, 400)}" holds no private key.`,
    safe: UNTOUCHED,
    next: 'Export it again with its private key; Octopus Server and Tentacle need it.',
    failureMode: 'A20',
  }),
  PFX_SEVERAL_KEYS: (values: { path: string; count: number }) => ({
    message: `The PFX "${printable(values.path, 400)}" holds ${values.count} private keys; exactly one is expected.`,
    safe: UNTOUCHED,
    next: exportAgain(values.path),
    failureMode: 'A33',
  }),
  PFX_KEY_NOT_RSA: (values: { path: string; type: string }) => ({
    message: `The key in the PFX "${printable(values.path, 400)}" is of type ${printable(values.type)}; Octopus can use RSA only.`,
    safe: UNTOUCHED,
    next: 'Make a certificate with an RSA key of at least 2048 bits, best with Octopus.Server new-certificate --export-pfx.',
    failureMode: 'A20',
  }),
  PFX_KEY_MISMATCH: (values: { path: string; thumbprint: string }) => ({
    message: `The private key in the PFX "${printable(values.path, 400)}" does not belong to its certificate ${printable(values.thumbprint)}.`,
    safe: UNTOUCHED,
    next: exportAgain(values.path),
    failureMode: 'A20',
  }),
  PFX_PASSWORD_NOT_ASCII: (values: { path: string }) => ({
    message: `The PFX "${printable(values.path, 400)}" cannot be decrypted with a password outside ASCII.`,
    safe: UNTOUCHED,
    next: 'Export it again with a password of ASCII letters, digits and signs.',
    failureMode: 'A21',
  }),
  PFX_UNSUPPORTED: (values: { path: string; detail: string }) => ({
    message: `The PFX "${printable(values.path, 400)}" uses an encryption or a structure that cannot be read: ${printable(values.detail)}`,
    safe: UNTOUCHED,
    next: exportAgain(values.path),
    failureMode: 'A21',
  }),
});

import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

export const thumbprintErrors = catalogue({
  THUMBPRINT_MALFORMED: (values: { text: string }) => ({
    message: `"${printable(values.text)}" is not a certificate thumbprint: 40 hexadecimal digits (SHA-1 of the certificate) are expected.`,
    safe: 'Nothing was changed.',
    next: 'Type the thumbprint by hand or take it from the output of show-thumbprint; text copied from a certificate dialog may carry an invisible character.',
    failureMode: 'A19',
  }),
});

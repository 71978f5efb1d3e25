/** Shorter ones would hide half of every line. */
const LEAST_LENGTH = 4;

/** Hides registered secrets at the stream: raw, base64, base64url, hexadecimal and URI-encoded. */
export class Redaction {
  private readonly forms = new Set<string>();

  /** Registers a secret; every form of it is hidden from now on. */
  add(secret: string): void {
    if (secret.length < LEAST_LENGTH) return;
    const bytes = Buffer.from(secret, 'utf8');
    const base64 = bytes.toString('base64').replace(/=+$/, '');
    for (const form of [secret, base64, bytes.toString('base64url'), bytes.toString('hex'), bytes.toString('hex').toUpperCase(), encodeURIComponent(secret)]) {
      if (form.length >= LEAST_LENGTH) this.forms.add(form);
    }
  }

  apply(text: string): string {
    let shown = text;
    for (const form of this.forms) shown = shown.replaceAll(form, '********');
    return shown;
  }
}

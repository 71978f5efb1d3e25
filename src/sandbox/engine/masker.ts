/** Octopus does not mask values this short: every log would be unreadable. */
const shortest = 4;

/** Replaces known sensitive values in log text by `********`, longest first. One for a whole task. */
export class Masker {
  private readonly values = new Set<string>();
  private ordered: string[] | null = null;

  add(value: string): void {
    if (value.trim() === '' || value.length < shortest) return;
    this.values.add(value);
    this.ordered = null;
  }

  mask(text: string): string {
    this.ordered ??= [...this.values].sort((left, right) => right.length - left.length);
    return this.ordered.reduce((masked, value) => masked.replaceAll(value, '********'), text);
  }
}

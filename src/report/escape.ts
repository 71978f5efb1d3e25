/** Text made harmless inside HTML and SVG, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Marks text as finished markup, so that everything else is escaped by `html`. */
export class Markup {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

/** Tagged template: every value is escaped unless it is Markup (or an array of Markup). Nothing reaches the page past it. */
export function html(parts: TemplateStringsArray, ...values: (string | number | Markup | readonly Markup[] | null)[]): Markup {
  const shown = values.map((value) => (value === null ? '' : value instanceof Markup ? value.text : Array.isArray(value) ? value.map(String).join('') : escapeHtml(String(value))));
  return new Markup(String.raw({ raw: parts }, ...shown));
}

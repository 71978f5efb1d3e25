/** Foreign text made harmless to look at: control, bidirectional and other invisible characters are shown as their code points; cut at `limit`. */
export function printable(text: string, limit = 120): string {
  const shown = [...text].map((character) => (INVISIBLE.test(character) ? `<U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>` : character));
  const whole = shown.join('').replaceAll('##octopus', '# #octopus');
  return whole.length > limit ? `${whole.slice(0, limit)}...` : whole;
}

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/u;

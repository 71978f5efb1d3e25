/** A path such as `Octopus.Action[Step name].Output.X`. An indexer may be another symbol: `A[#{B}]`. */
export type Symbol = Step[];
export type Step = { kind: 'name'; text: string } | { kind: 'index'; text: string } | { kind: 'symbol-index'; symbol: Symbol };

/** The symbol as Octostache writes it back when it has no value: without the blanks around names and indexes. */
export function symbolText(symbol: Symbol): string {
  return symbol.map((step, at) => {
    if (step.kind === 'name') return at === 0 ? step.text : `.${step.text}`;
    if (step.kind === 'index') return `[${step.text}]`;
    return `[#{${symbolText(step.symbol)}}]`;
  }).join('');
}

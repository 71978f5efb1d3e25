/** A construct that the real Octostache evaluates and this one does not: the run must fail rather than carry a wrong value. */
export class UnsupportedOctostache extends Error {
  override readonly name = 'UnsupportedOctostache';
  constructor(construct: string) {
    super(`This embedded Octopus does not know the Octostache construct ${construct}.`);
  }
}

/** A value that needs itself to be evaluated. The real Octostache throws RecursiveDefinitionException, which ends Calamari. */
export class RecursiveDefinition extends Error {
  override readonly name = 'RecursiveDefinition';
  constructor(expression: string) {
    super(`An attempt to parse the variable symbol "${expression}" appears to have resulted in a self referencing loop.`);
  }
}

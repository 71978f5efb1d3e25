/** When a step runs: first of all, when nothing failed and its predecessor said Continue, or always. */
export type RunCondition = { kind: 'first' } | { kind: 'after'; step: string } | { kind: 'always' };

export interface RunbookStep {
  name: string;
  /** Folder in steps/. */
  phase: string;
  condition: RunCondition;
  /** Roles of the machines that it runs on, where these are others than the runbook's. */
  targetRoles?: string;
  /** Values by input name, without the prefix of the template's parameters. */
  bindings: Record<string, string>;
}

/** A step at top level that waits for a person (D7), between two others; only while the output that it names is there. */
export interface Approval { name: string; after: string; onlyWhile: string; instructions: string }

/** A runbook as data: what the installer makes of it is the same for each. */
export interface RunbookDefinition {
  name: string;
  description: string;
  targetRole: string;
  steps: RunbookStep[];
  /** Where an approval goes, when one is wished. */
  approvalPoint?: Approval;
  /** Wished. */
  approval?: Approval;
}

export const withApproval = (definition: RunbookDefinition): RunbookDefinition => (definition.approvalPoint === undefined ? definition : { ...definition, approval: definition.approvalPoint });

/** Steps in their order: the first one always begins, the last one always runs, each between asks for its predecessor. */
export function inOrder(steps: readonly Omit<RunbookStep, 'condition'>[]): RunbookStep[] {
  return steps.map((step, index) => ({
    ...step,
    condition: index === 0 ? { kind: 'first' } : index === steps.length - 1 ? { kind: 'always' } : { kind: 'after', step: steps[index - 1]!.name },
  }));
}

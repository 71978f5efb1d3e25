import type { EngineVariable } from '../../engine/contract.ts';
import type { Database } from '../database/database.ts';
import type { Protected } from '../database/encryption.ts';
import type { Variable, VariableSet } from '../database/documents.ts';

/** Scopes that a run as a whole cannot decide; a variable that has one fails the run, loudly. */
const undecided = ['Role', 'Machine', 'Action', 'Channel', 'TenantTag'];

function rank(variable: Variable, fromProject: boolean): number {
  return (variable.Scope.Environment?.length ? 2 : 0) + (fromProject ? 1 : 0);
}

/** Whether a variable is in force in an environment and runbook. Throws for scopes that are not simulated. */
function applies(variable: Variable, environmentId: string, runbookId: string): boolean {
  const foreign = undecided.filter((scope) => variable.Scope[scope]?.length);
  if (foreign.length > 0) throw new Error(`sandbox: the variable ${variable.Name} is scoped by ${foreign.join(', ')}, which is not simulated.`);
  const owners = variable.Scope.ProcessOwner ?? [];
  const environments = variable.Scope.Environment ?? [];
  return (environments.length === 0 || environments.includes(environmentId)) && (owners.length === 0 || owners.includes(runbookId));
}

/** The prompted variables of a run in an environment. */
export function promptedVariables(sets: VariableSet[], environmentId: string, runbookId: string): Variable[] {
  return sets.flatMap(({ Variables }) => Variables).filter((variable) => variable.Prompt !== null && applies(variable, environmentId, runbookId));
}

/**
 * One value a name: an environment's value before an unscoped one, the project's before a library set's; a prompted value
 * replaces its variable's own. `project` is the first set.
 */
export function resolveVariables(database: Database, project: VariableSet, libraries: VariableSet[], environmentId: string, runbookId: string, formValues: Record<string, string | Protected>): EngineVariable[] {
  const best = new Map<string, { variable: Variable; rank: number }>();
  for (const set of [project, ...libraries]) {
    for (const variable of set.Variables) {
      if (!applies(variable, environmentId, runbookId)) continue;
      const key = variable.Name.toLowerCase();
      const candidate = { variable, rank: rank(variable, set === project) };
      if ((best.get(key)?.rank ?? -1) < candidate.rank) best.set(key, candidate);
    }
  }
  return [...best.values()].map(({ variable }) => ({
    name: variable.Name, sensitive: variable.IsSensitive,
    value: database.reveal(variable.Prompt !== null && formValues[variable.Id] !== undefined ? formValues[variable.Id] ?? null : variable.Value),
  }));
}

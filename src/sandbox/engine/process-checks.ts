import type { EngineAction, EngineProcess, EngineStep } from './contract.ts';

/** A manual intervention: waits for a person, on no machine. */
const manualProperties = new Set(['Octopus.Action.RunOnServer', 'Octopus.Action.Manual.Instructions', 'Octopus.Action.Manual.ResponsibleTeamIds', 'Octopus.Action.Manual.BlockConcurrentDeployments']);
const isManual = (action: EngineAction | undefined): boolean => action?.ActionType === 'Octopus.Manual';

const stepFields = new Set(['Id', 'Name', 'Slug', 'Condition', 'StartTrigger', 'PackageRequirement', 'Properties', 'Actions', 'Links']);
const stepProperties = new Set(['Octopus.Action.TargetRoles', 'Octopus.Action.MaxParallelism', 'Octopus.Step.ConditionVariableExpression']);
const actionFields = new Set([
  'Id', 'Name', 'Slug', 'ActionType', 'Notes', 'IsDisabled', 'IsRequired', 'CanBeUsedForProjectVersioning', 'Packages', 'Properties', 'Links',
  'WorkerPoolId', 'WorkerPoolVariable', 'Container', 'Environments', 'ExcludedEnvironments', 'Channels', 'TenantTags', 'GitDependencies', 'Condition', 'StepPackageVersion', 'LastSavedSnapshot',
]);
const actionProperties = new Set([
  'Octopus.Action.RunOnServer', 'Octopus.Action.Script.ScriptSource', 'Octopus.Action.Script.Syntax', 'Octopus.Action.Script.ScriptBody',
  'Octopus.Action.Template.Id', 'Octopus.Action.Template.Version', 'Octopus.Action.FailScriptOnErrorOutput', 'Octopus.Action.Script.SuppressEnvironmentLogging',
]);
/** Environments of an action are the server's: it disables what the run's environment rules out. */
const mustBeEmpty = ['WorkerPoolId', 'WorkerPoolVariable', 'Channels', 'TenantTags', 'GitDependencies'] as const;
const packageProperties = new Set(['Extract', 'SelectionMode', 'PackageParameterName']);
const conditions = new Set(['Success', 'Failure', 'Always', 'Variable']);
const acquisitions = new Set(['Server', 'ExecutionTarget', 'NotAcquired']);

/** The text of a property, sensitive or not. */
export function propertyText(property: EngineAction['Properties'][string] | undefined): string | undefined {
  return property === undefined || typeof property === 'string' ? property : property.value;
}

/** Everything in a process that this engine does not know, each as one sentence with the names in it (octopus-rest.md section 6.1). */
export function refusalsOf(process: EngineProcess): string[] {
  if (process.Steps.length === 0) return ['The runbook has no steps.'];
  const names = process.Steps.flatMap((step) => step.Actions.map((action) => action.Name.toLowerCase()));
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  return [...twice.map((name) => `Two actions have the name "${name}".`), ...process.Steps.flatMap(refusalsOfStep)];
}

function refusalsOfStep(step: EngineStep): string[] {
  const found: string[] = [];
  const refuse = (text: string): void => void found.push(`Step "${step.Name}": ${text}`);
  const properties = step.Properties ?? {};
  for (const field of Object.keys(step)) if (!stepFields.has(field)) refuse(`unknown field ${field}.`);
  for (const name of Object.keys(properties)) if (!stepProperties.has(name)) refuse(`unknown property ${name}.`);
  if (!conditions.has(step.Condition)) refuse(`unknown condition ${String(step.Condition)}.`);
  if ((step.StartTrigger ?? 'StartAfterPrevious') !== 'StartAfterPrevious') refuse(`unknown start trigger ${String(step.StartTrigger)}.`);
  const expression = properties['Octopus.Step.ConditionVariableExpression'];
  if (step.Condition === 'Variable' && !expression) refuse('condition Variable needs the property Octopus.Step.ConditionVariableExpression.');
  const parallel = properties['Octopus.Action.MaxParallelism'];
  if (parallel !== undefined && parallel !== '' && !/^[1-9]\d*$/.test(parallel)) refuse(`Octopus.Action.MaxParallelism is "${parallel}".`);
  if (!isManual(step.Actions[0]) && !properties['Octopus.Action.TargetRoles']?.trim()) refuse('has no target role (Octopus.Action.TargetRoles).');
  if (step.Actions.length !== 1) refuse(`has ${step.Actions.length} actions; exactly one is supported.`);
  for (const action of step.Actions) for (const text of refusalsOfAction(action)) refuse(`action "${action.Name}": ${text}`);
  return found;
}

function refusalsOfAction(action: EngineAction): string[] {
  const found: string[] = [];
  if (isManual(action)) return refusalsOfManual(action);
  if (action.ActionType !== 'Octopus.Script') return [`unknown action type ${action.ActionType}.`];
  for (const field of Object.keys(action)) if (!actionFields.has(field)) found.push(`unknown field ${field}.`);
  for (const field of mustBeEmpty) if (!isEmpty(action[field])) found.push(`the field ${field} is not supported.`);
  if (!isEmpty((action['Container'] as { Image?: unknown } | null | undefined)?.Image)) found.push('execution containers are not supported.');
  if (!isEmpty(action['Condition']) && action['Condition'] !== 'Success') found.push(`the condition ${String(action['Condition'])} of an action is not supported.`);
  for (const name of Object.keys(action.Properties)) if (/^octopus\./i.test(name) && !actionProperties.has(name)) found.push(`unknown property ${name}.`);
  const demands: [string, string[]][] = [
    ['Octopus.Action.RunOnServer', ['false']], ['Octopus.Action.Script.ScriptSource', ['Inline']], ['Octopus.Action.Script.Syntax', ['Bash']],
  ];
  for (const [name, allowed] of demands) {
    const value = propertyText(action.Properties[name]);
    if (value === undefined && name !== 'Octopus.Action.Script.Syntax') continue;
    if (value === undefined || !allowed.some((one) => one.toLowerCase() === value.toLowerCase())) found.push(`${name} is "${value ?? ''}"; supported: ${allowed.join(', ')}.`);
  }
  if (!propertyText(action.Properties['Octopus.Action.Script.ScriptBody'])) found.push('Octopus.Action.Script.ScriptBody is empty.');
  for (const reference of action.Packages ?? []) {
    if (reference.Name === '') found.push('a package reference without a name is not supported.');
    if (!acquisitions.has(reference.AcquisitionLocation)) found.push(`package "${reference.Name}": unknown acquisition location ${reference.AcquisitionLocation}.`);
    for (const name of Object.keys(reference.Properties ?? {})) if (!packageProperties.has(name)) found.push(`package "${reference.Name}": unknown property ${name}.`);
  }
  return found;
}

function refusalsOfManual(action: EngineAction): string[] {
  const unknown = Object.keys(action.Properties).filter((name) => !manualProperties.has(name)).map((name) => `unknown property ${name}.`);
  if (!isEmpty(action.Packages)) unknown.push('a manual intervention has no packages.');
  if (propertyText(action.Properties['Octopus.Action.Manual.ResponsibleTeamIds'])) unknown.push('responsible teams are not simulated.');
  return propertyText(action.Properties['Octopus.Action.Manual.Instructions']) ? unknown : [...unknown, 'Octopus.Action.Manual.Instructions is empty.'];
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

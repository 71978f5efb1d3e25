import { PARAMETER_PREFIX } from '../packaging/names.ts';
import type { StepTemplate } from '../packaging/step-template.ts';
import type { Document } from '../octopus/reader.ts';
import type { KeptParameters } from './edits.ts';
import type { Approval, RunbookDefinition, RunbookStep, RunCondition } from './runbooks/definition.ts';

/** A step template as it is in Octopus. */
export interface InstalledTemplate { id: string; version: number; template: StepTemplate }

/**
 * The steps of a runbook process (octopus-rest.md 6.1): each copies its template and gives every parameter a value. `present` are the steps
 * that are there; a step of the same name keeps its ids, so that Octopus' history of it goes on. `kept` are values of parameters that stay.
 */
export function processSteps(definition: RunbookDefinition, templates: ReadonlyMap<string, InstalledTemplate>, present: readonly Document[] = [], kept: KeptParameters = new Map()): Document[] {
  return definition.steps.flatMap((step) => {
    const installed = templates.get(step.phase);
    if (installed === undefined) throw new TypeError(`There is no step template for the phase ${step.phase}.`);
    const before = present.find((each) => each['Name'] === step.name);
    const action = Array.isArray(before?.['Actions']) ? (before['Actions'][0] as Document | undefined) : undefined;
    const made = {
      ...idOf(before),
      Name: step.name,
      ...runCondition(step.condition, step.targetRoles ?? definition.targetRole),
      StartTrigger: 'StartAfterPrevious',
      PackageRequirement: 'LetOctopusDecide',
      Actions: [{
        ...idOf(action),
        Name: step.name,
        ActionType: installed.template.ActionType,
        IsDisabled: false,
        WorkerPoolId: null,
        Container: { FeedId: null, Image: null },
        Environments: [],
        TenantTags: [],
        Packages: installed.template.Packages,
        Properties: { ...installed.template.Properties, 'Octopus.Action.Template.Id': installed.id, 'Octopus.Action.Template.Version': String(installed.version), ...parameterValues(step, installed.template), ...kept.get(step.name) },
      }],
    };
    return definition.approval?.after === step.name ? [made, approvalStep(definition.approval, present)] : [made];
  });
}

/** The action type by which Octopus waits for a person. */
export const MANUAL = 'Octopus.Manual';

/** A manual intervention at top level: whoever may submit it is for the space's teams to say. Aborting it fails the step, so that none after it runs but the report. */
function approvalStep({ name, onlyWhile, instructions }: Approval, present: readonly Document[]): Document {
  const before = present.find((each) => each['Name'] === name);
  const action = Array.isArray(before?.['Actions']) ? (before['Actions'][0] as Document | undefined) : undefined;
  const responsible = (action?.['Properties'] as Document | undefined)?.['Octopus.Action.Manual.ResponsibleTeamIds'];
  return {
    ...idOf(before),
    Name: name,
    Condition: 'Variable',
    Properties: { 'Octopus.Step.ConditionVariableExpression': `#{unless Octopus.Deployment.Error}#{if ${onlyWhile.slice(2, -1)}}True#{/if}#{/unless}` },
    StartTrigger: 'StartAfterPrevious',
    PackageRequirement: 'LetOctopusDecide',
    Actions: [{
      ...idOf(action),
      Name: name,
      ActionType: MANUAL,
      IsDisabled: false,
      WorkerPoolId: null,
      Container: { FeedId: null, Image: null },
      Environments: [],
      TenantTags: [],
      Packages: [],
      // The teams that somebody chose in the portal stay.
      Properties: { 'Octopus.Action.RunOnServer': 'true', 'Octopus.Action.Manual.Instructions': instructions, 'Octopus.Action.Manual.ResponsibleTeamIds': typeof responsible === 'string' ? responsible : '', 'Octopus.Action.Manual.BlockConcurrentDeployments': 'False' },
    }],
  };
}

const idOf = (found: Document | undefined): Document => (typeof found?.['Id'] === 'string' ? { Id: found['Id'] } : {});

/**
 * D19: a variable condition alone is evaluated even after a failed step, so it asks for both. `if`, because the output of a step that was skipped
 * does not exist, and an expression that cannot be resolved stays as it is written, which is not empty.
 */
function runCondition(condition: RunCondition, targetRole: string): Document {
  const roles = { 'Octopus.Action.TargetRoles': targetRole };
  if (condition.kind === 'first') return { Condition: 'Success', Properties: roles };
  if (condition.kind === 'always') return { Condition: 'Always', Properties: roles };
  const expression = `#{unless Octopus.Deployment.Error}#{if Octopus.Action[${condition.step}].Output.Continue}True#{/if}#{/unless}`;
  return { Condition: 'Variable', Properties: { ...roles, 'Octopus.Step.ConditionVariableExpression': expression } };
}

/** Every binding must have its parameter and the other way round: a forgotten one would read as empty on the host. */
function parameterValues(step: RunbookStep, template: StepTemplate): Record<string, string> {
  const names = template.Parameters.map((parameter) => parameter.Name.slice(PARAMETER_PREFIX.length));
  const unknown = Object.keys(step.bindings).filter((name) => !names.includes(name));
  const unbound = names.filter((name) => !Object.hasOwn(step.bindings, name));
  if (unknown.length + unbound.length > 0) throw new TypeError(`Step "${step.name}": no parameter for ${unknown.join(', ') || 'nothing'}; no value for ${unbound.join(', ') || 'nothing'}.`);
  return Object.fromEntries(names.map((name) => [`${PARAMETER_PREFIX}${name}`, step.bindings[name]!]));
}

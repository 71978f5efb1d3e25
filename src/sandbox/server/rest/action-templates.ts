import { randomUUID } from 'node:crypto';
import { packagesFrom, propertiesFrom, propertiesShown } from './action-properties.ts';
import { bodyOf, BodyReader, demandVersion, isSensitiveInput, sensitiveOutput, type Json } from './body.ts';
import { pathOf, readRoutes, selfLink } from './collection.ts';
import { badRequest } from './errors.ts';
import { created, inSpace, ofSpace, touch, type Router, type SpaceCall } from './router.ts';
import { nextId, type Database } from '../database/database.ts';
import { isProtected, type Protected } from '../database/encryption.ts';
import type { ActionTemplate, ProcessAction, RunbookProcess, TemplateParameter } from '../database/documents.ts';

const stale = 'The step template could not be saved, because another user has made changes to it.';
const controlTypes = ['SingleLineText', 'MultiLineText', 'Sensitive', 'Select', 'Checkbox', 'Package', 'StepName', 'Certificate', 'WorkerPool', 'AzureAccount', 'AmazonWebServicesAccount', 'GoogleCloudAccount', 'UsernamePasswordAccount', 'GenericOidcAccount'];
const templateId = 'Octopus.Action.Template.Id';
const templateVersion = 'Octopus.Action.Template.Version';

function resource(call: SpaceCall, template: ActionTemplate): Json {
  const Parameters = template.Parameters.map((parameter) => ({ ...parameter, DefaultValue: isProtected(parameter.DefaultValue) ? sensitiveOutput(true) : parameter.DefaultValue }));
  const self = pathOf(call, 'actiontemplates', template.Id);
  return { ...template, Properties: propertiesShown(template.Properties), Parameters, ...selfLink(call, 'actiontemplates', template.Id, { Usage: `${self}/usage`, ActionsUpdate: `${self}/actionsUpdate`, Versions: `${self}/versions{/version}` }) };
}

function defaultValue(database: Database, sent: unknown, current: TemplateParameter | undefined): string | Protected | null {
  if (!isSensitiveInput(sent)) return typeof sent === 'string' ? sent : '';
  if (typeof sent.NewValue === 'string') return database.protect(sent.NewValue);
  return sent.HasValue && current && isProtected(current.DefaultValue) ? current.DefaultValue : null;
}

function parametersFrom(database: Database, read: BodyReader, sent: unknown, current: ActionTemplate | null): TemplateParameter[] {
  if (sent === undefined || sent === null) return [];
  if (!Array.isArray(sent)) {
    read.complain('Parameters must be an array.');
    return [];
  }
  const names = new Set<string>();
  return (sent as Json[]).map((parameter) => {
    const Name = typeof parameter.Name === 'string' ? parameter.Name : '';
    if (Name === '') read.complain('Please provide a name for each parameter.');
    if (names.has(Name.toLowerCase())) read.complain(`The parameter ${Name} occurs twice.`);
    names.add(Name.toLowerCase());
    const DisplaySettings = (parameter.DisplaySettings ?? {}) as Record<string, string>;
    const control = DisplaySettings['Octopus.ControlType'] ?? 'SingleLineText';
    if (!controlTypes.includes(control)) read.complain(`The control type ${control} of the parameter ${Name} is not known.`);
    const text = (key: string) => (typeof parameter[key] === 'string' ? parameter[key] : '');
    return { Id: text('Id') || randomUUID(), Name, Label: text('Label'), HelpText: text('HelpText'), DefaultValue: defaultValue(database, parameter.DefaultValue, current?.Parameters.find((other) => other.Name === Name)), DisplaySettings };
  });
}

type Input = Pick<ActionTemplate, 'Name' | 'Description' | 'ActionType' | 'CommunityActionTemplateId' | 'Packages' | 'GitDependencies' | 'Properties' | 'Parameters'>;

function templateFrom(call: SpaceCall, body: Json, current: ActionTemplate | null): Input {
  const read = new BodyReader(body);
  const { database } = call.context;
  const Name = read.text('Name');
  const ActionType = read.text('ActionType');
  if (Name.length > 200) read.complain('The name is longer than 200 characters.');
  if (ActionType !== '' && ActionType !== 'Octopus.Script') read.complain(`sandbox: the action type ${ActionType} is not simulated.`);
  if (ofSpace(call, call.all.ActionTemplates).some((other) => other.Id !== current?.Id && other.Name.toLowerCase() === Name.toLowerCase())) read.complain(`A step template with the name '${Name}' already exists. Please choose a different name.`);
  const input: Input = {
    Name, ActionType, Description: read.text('Description', ''), CommunityActionTemplateId: null, GitDependencies: [], Packages: packagesFrom(read, Name, body.Packages),
    Properties: propertiesFrom(database, read, Name, body.Properties, current?.Properties ?? {}), Parameters: parametersFrom(database, read, body.Parameters, current),
  };
  read.check();
  return input;
}

interface Use { process: RunbookProcess; stepId: string; stepName: string; action: ProcessAction }

function usesOf(call: SpaceCall, template: ActionTemplate): Use[] {
  return ofSpace(call, call.all.RunbookProcesses).filter(({ Frozen }) => !Frozen)
    .flatMap((process) => process.Steps.flatMap((step) => step.Actions.filter((action) => action.Properties[templateId] === template.Id).map((action) => ({ process, stepId: step.Id, stepName: step.Name, action }))));
}

function usage(call: SpaceCall, template: ActionTemplate): Json[] {
  return usesOf(call, template).map(({ process, stepId, stepName, action }) => ({
    ActionTemplateId: template.Id, ActionId: action.Id, ActionName: action.Name, StepId: stepId, StepName: stepName, ProcessId: process.Id, ProcessType: 'Runbook', ProjectId: process.ProjectId, ProjectName: call.all.Projects.find(({ Id }) => Id === process.ProjectId)?.Name ?? '',
    RunbookId: process.RunbookId, RunbookName: call.all.Runbooks.find(({ Id }) => Id === process.RunbookId)?.Name ?? '', Version: String(action.Properties[templateVersion] ?? ''), Links: {},
  }));
}

/** Which actions `actionsUpdate` means: `{ProcessId, ActionIds}` per process, or the older map by process id. */
function wantedActions(body: Json): { processId: string; actionIds: string[] }[] {
  if (Array.isArray(body.ActionsToUpdate)) {
    return (body.ActionsToUpdate as { ProcessId?: string; ActionIds?: string[] }[]).map(({ ProcessId, ActionIds }) => ({ processId: ProcessId ?? '', actionIds: ActionIds ?? [] }));
  }
  if (typeof body.ActionIdsByProcessId === 'object' && body.ActionIdsByProcessId !== null) {
    return Object.entries(body.ActionIdsByProcessId as Record<string, string[]>).map(([processId, actionIds]) => ({ processId, actionIds }));
  }
  throw badRequest('Please provide ActionsToUpdate.');
}

/** Brings an action to the template's version: the template's own properties win, parameter values of the action stay, new parameters get their default. */
function updateAction(action: ProcessAction, template: ActionTemplate): void {
  const parameters = new Map(template.Parameters.map((parameter) => [parameter.Name, parameter]));
  const kept = Object.entries(action.Properties).filter(([name]) => parameters.has(name) || (!(name in template.Properties) && ['Octopus.Action.RunOnServer'].includes(name)));
  const defaults = [...parameters.values()].filter(({ Name, DefaultValue }) => !(Name in action.Properties) && DefaultValue !== null && DefaultValue !== '').map(({ Name, DefaultValue }) => [Name, DefaultValue as string | Protected] as const);
  action.Properties = { ...Object.fromEntries(kept), ...template.Properties, ...Object.fromEntries(defaults), [templateId]: template.Id, [templateVersion]: String(template.Version) };
  action.Packages = template.Packages.map((reference) => {
    const current = action.Packages.find(({ Name }) => Name === reference.Name);
    return { ...reference, Id: current?.Id ?? reference.Id, PackageId: reference.PackageId ?? current?.PackageId ?? null, FeedId: reference.FeedId ?? current?.FeedId ?? null };
  });
}

function actionsUpdate(call: SpaceCall): Json[] {
  const template = inSpace(call, call.all.ActionTemplates, call.params.id ?? '');
  const body = bodyOf(call.body);
  if (body.Version !== template.Version) throw badRequest(`The step template is at version ${template.Version}, the request asks for ${String(body.Version)}.`);
  const wanted = wantedActions(body);
  return call.context.database.write(({ Collections }) => wanted.flatMap(({ processId, actionIds }) => {
    const process = inSpace(call, Collections.RunbookProcesses, processId);
    if (process.Frozen) throw badRequest('The process of a snapshot cannot be changed.');
    const results = actionIds.map((id) => {
      const action = process.Steps.flatMap(({ Actions }) => Actions).find((candidate) => candidate.Id === id && candidate.Properties[templateId] === template.Id);
      if (!action) throw badRequest(`The action '${id}' does not use this step template.`);
      updateAction(action, template);
      return { Id: id, Outcome: 'Success', ManualMergeRequiredReasonsByPropertyName: {}, NamesOfNewParametersMissingDefaultValue: [], RemovedPackageUsages: [] };
    });
    process.Version += 1;
    touch(call, process);
    return results;
  }));
}

/** Step templates of the library (octopus-rest.md 7.1). `Version` counts up from 0 with each save. */
export function actionTemplateRoutes(router: Router): void {
  readRoutes(router, { noun: 'actiontemplates', collection: 'ActionTemplates', itemType: 'ActionTemplate', permission: 'ActionTemplateView', toResource: resource });
  router.space('POST', '/actiontemplates', { permission: 'ActionTemplateCreate' }, (call) => {
    const input = templateFrom(call, bodyOf(call.body), null);
    return created(call, call.context.database.write((content) => {
      const template = touch<ActionTemplate>(call, { Id: nextId(content, 'ActionTemplates'), SpaceId: call.space.Id, Version: 0, ...input });
      content.Collections.ActionTemplates.push(template);
      return resource(call, template);
    }));
  });
  router.space('PUT', '/actiontemplates/:id', { permission: 'ActionTemplateEdit' }, (call) => {
    const current = inSpace(call, call.all.ActionTemplates, call.params.id ?? '');
    const body = bodyOf(call.body);
    const input = templateFrom(call, body, current);
    return call.context.database.write(({ Collections }) => {
      const stored = inSpace(call, Collections.ActionTemplates, current.Id);
      demandVersion(stored.Version, body, stale);
      return resource(call, touch(call, Object.assign(stored, input, { Version: stored.Version + 1 })));
    });
  });
  router.space('DELETE', '/actiontemplates/:id', { permission: 'ActionTemplateDelete' }, (call) => {
    const template = inSpace(call, call.all.ActionTemplates, call.params.id ?? '');
    if (usesOf(call, template).length > 0) throw badRequest('The step template is used by a process.');
    call.context.database.write(({ Collections }) => {
      Collections.ActionTemplates = Collections.ActionTemplates.filter(({ Id }) => Id !== template.Id);
    });
    return {};
  });
  router.space('GET', '/actiontemplates/:id/usage', { permission: 'ActionTemplateView' }, (call) => usage(call, inSpace(call, call.all.ActionTemplates, call.params.id ?? '')));
  router.space('POST', '/actiontemplates/:id/actionsUpdate', { permission: 'ProcessEdit' }, actionsUpdate);
}

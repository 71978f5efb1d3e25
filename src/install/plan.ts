import { installErrors } from '../errors/install.ts';
import type { Refusal } from '../errors/refusal.ts';
import { LEASE_SET } from '../journal/lease-store.ts';
import { document, list, type Document } from '../octopus/reader.ts';
import type { Resource } from '../octopus/resources.ts';
import { PACKAGE_ID } from '../packaging/names.ts';
import { OWNER_MARK, type StepTemplate } from '../packaging/step-template.ts';
import { HOST_ROLE, PROJECT_NAME, RUNBOOK_NAME } from './names.ts';
import { hostAmong, type Observed, type ObservedRunbook } from './observe.ts';
import { processSteps, type InstalledTemplate } from './process.ts';
import { snapshotNotes, type InstallSettings, type Release } from './release.ts';
import { runbookBody } from './runbooks/body.ts';
import type { RunbookDefinition } from './runbooks/definition.ts';
import { says } from './same.ts';
import { TRIGGER_NAME, triggerBody } from './schedule.ts';
import { expectedOf } from './setting-values.ts';
import type { Setting } from './settings.ts';
import { mergeVariables, type MergedVariables, type WantedValues } from './variables.ts';

export type Action = 'create' | 'update' | 'unchanged';
export type Kind = 'package' | 'step template' | 'lease' | 'host role' | 'project' | 'variables' | 'runbook' | 'process' | 'snapshot' | 'trigger';
export interface Change { kind: Kind; name: string; action: Action }

/** What would be done, in its order. */
export interface InstallPlan { changes: Change[]; variables: MergedVariables }

/** Everything that forbids installing, told at once; empty when nothing does. */
export function refusals(settings: InstallSettings, observed: Observed, release: Release, definitions: readonly RunbookDefinition[], plan: InstallPlan): Refusal[] {
  const found: Refusal[] = [];
  const { environment, targets } = observed;
  if (environment === null) found.push(installErrors.INSTALL_ENVIRONMENT_MISSING({ environment: settings.environmentName, space: settings.spaceName }));
  const host = hostOf(settings, observed);
  if (host === undefined) found.push(installErrors.INSTALL_HOST_MISSING({ host: settings.hostTentacle, space: settings.spaceName }));
  else {
    if (host.style !== 'TentaclePassive') found.push(installErrors.INSTALL_HOST_NOT_TENTACLE({ host: host.name, style: host.style }));
    if (host.isDisabled) found.push(installErrors.INSTALL_HOST_DISABLED({ host: host.name }));
    if (environment !== null && !host.environmentIds.includes(environment.id)) found.push(installErrors.INSTALL_HOST_NOT_IN_ENVIRONMENT({ host: host.name, environment: environment.name }));
    const others = targets.filter((each) => each.id !== host.id && each.roles.some((role) => role.toLowerCase() === HOST_ROLE));
    if (others.length > 0) found.push(installErrors.INSTALL_HOST_NOT_ALONE({ host: host.name, role: HOST_ROLE, others: others.map((each) => each.name) }));
    const { hostElsewhere } = observed.exposure;
    const pools = hostElsewhere.seen ? hostElsewhere.registrations.filter((each) => each.kind === 'worker') : [];
    if (pools.length > 0) found.push(installErrors.INSTALL_HOST_IN_POOL({ host: host.name, workers: pools.map((each) => ({ worker: each.name, space: each.spaceName, pools: each.workerPoolIds })) }));
  }
  for (const [setting, value] of Object.entries(settings.given) as [Setting, string][]) {
    const expected = expectedOf(setting, value);
    if (expected !== null) found.push(installErrors.INSTALL_SETTING_INVALID({ setting, value, expected }));
  }
  const missing = [...new Set(definitions.flatMap((definition) => definition.steps.map((step) => step.phase)))].filter((phase) => !release.templates.has(phase));
  if (missing.length > 0) found.push(installErrors.INSTALL_RELEASE_INCOMPLETE({ phases: missing }));
  if (observed.package.state === 'differs') found.push(installErrors.INSTALL_PACKAGE_DIFFERS({ file: release.fileName, stored: observed.package.hash }));
  if (observed.projectGroupId === null) found.push(installErrors.INSTALL_NO_DEFAULT({ kind: 'project group', space: settings.spaceName }));
  if (observed.lifecycleId === null) found.push(installErrors.INSTALL_NO_DEFAULT({ kind: 'lifecycle', space: settings.spaceName }));
  for (const template of observed.templates.values()) found.push(...foreign('step template', template));
  found.push(...foreign('project', observed.project?.project ?? null));
  for (const runbook of observed.runbooks.values()) found.push(...foreign('runbook', runbook?.runbook ?? null));
  if (plan.variables.secretExposed) found.push(installErrors.INSTALL_SECRET_NOT_SENSITIVE({ name: 'Rotation.Secret' }));
  if (plan.variables.secretMade && observed.openRotation !== null) found.push(installErrors.INSTALL_SECRET_GONE({ rotation: observed.openRotation }));
  return found;
}

function foreign(kind: string, found: Resource | null): Refusal[] {
  return found === null || found.description.includes(OWNER_MARK) ? [] : [installErrors.INSTALL_NAME_TAKEN({ kind, name: found.name })];
}

/** The target that is to run the steps. */
export function hostOf(settings: InstallSettings, observed: Observed) {
  return hostAmong(observed.targets, settings);
}

/** Compares what is wanted with what is there. Pure. What hangs on something that will change is planned to change with it. */
export function planInstall(settings: InstallSettings, observed: Observed, release: Release, definitions: readonly RunbookDefinition[], values: WantedValues): InstallPlan {
  const templates = [...release.templates.values()].map((template): Change => ({ kind: 'step template', name: template.Name, action: actionFor(observed.templates.get(template.Name) ?? null, comparableTemplate(template)) }));
  const templatesChange = templates.some((each) => each.action !== 'unchanged');
  const host = hostOf(settings, observed);
  const variables = mergeVariables(observed.project === null ? [] : variablesIn(observed.project.variables.whole), values);
  const variablesChange = observed.project === null || variables.changed;
  return {
    variables,
    changes: [
      { kind: 'package', name: `${PACKAGE_ID} ${release.version}`, action: observed.package.state === 'absent' ? 'create' : 'unchanged' },
      ...templates,
      { kind: 'lease', name: LEASE_SET, action: observed.hasLeaseSet ? 'unchanged' : 'create' },
      { kind: 'host role', name: `${HOST_ROLE} on ${host?.name ?? settings.hostTentacle}`, action: host?.roles.includes(HOST_ROLE) === true ? 'unchanged' : 'update' },
      { kind: 'project', name: PROJECT_NAME, action: actionFor(observed.project?.project ?? null, projectBody()) },
      { kind: 'variables', name: PROJECT_NAME, action: observed.project === null ? 'create' : variablesChange ? 'update' : 'unchanged' },
      ...definitions.flatMap((definition) => planRunbook(definition, observed, release, templatesChange, variablesChange)),
      ...planTrigger(settings, observed),
    ],
  };
}

/** Last, since what it starts must be there. */
function planTrigger(settings: InstallSettings, observed: Observed): Change[] {
  if (settings.schedule === undefined) return [];
  const rotation = observed.runbooks.get(RUNBOOK_NAME) ?? null;
  const wanted = observed.project === null || rotation === null ? null : triggerBody(settings.schedule, observed.project.project.id, rotation.runbook.id, observed.environment?.id ?? '');
  return [{ kind: 'trigger', name: TRIGGER_NAME, action: wanted === null ? 'create' : actionFor(observed.trigger, wanted) }];
}

/** A runbook, its process and its snapshot: the snapshot is made anew when anything that it freezes changes. */
function planRunbook(definition: RunbookDefinition, observed: Observed, release: Release, templatesChange: boolean, variablesChange: boolean): Change[] {
  const there = observed.runbooks.get(definition.name) ?? null;
  const processChanges = there === null || templatesChange || !processIsWanted(definition, there, observed, release);
  const snapshotChanges = processChanges || variablesChange || observed.project === null
    || there.published?.notes !== snapshotNotes({ ...release, processVersion: there.process.version, variablesVersion: observed.project.variables.version });
  return [
    { kind: 'runbook', name: definition.name, action: actionFor(there?.runbook ?? null, runbookBody(definition, observed.environment?.id ?? '')) },
    { kind: 'process', name: processName(definition), action: there === null ? 'create' : processChanges ? 'update' : 'unchanged' },
    { kind: 'snapshot', name: definition.name, action: snapshotChanges ? 'create' : 'unchanged' },
  ];
}

export const processName = (definition: RunbookDefinition): string => `${definition.name} (${definition.steps.length} steps)`;

function actionFor(found: Resource | null, wanted: Document): Action {
  if (found === null) return 'create';
  return says(found.whole, wanted) ? 'unchanged' : 'update';
}

export const variablesIn = (whole: Document): Document[] => list(document)(whole['Variables'], 'the variables');
export const stepsIn = (whole: Document): Document[] => list(document)(whole['Steps'] ?? [], 'the steps');

function processIsWanted(definition: RunbookDefinition, there: ObservedRunbook, observed: Observed, release: Release): boolean {
  const installed = new Map<string, InstalledTemplate>();
  for (const [phase, template] of release.templates) {
    const found = observed.templates.get(template.Name) ?? null;
    if (found === null) return false;
    installed.set(phase, installedTemplate(found, template));
  }
  const present = stepsIn(there.process.whole);
  return says(present, withoutPackageIds(processSteps(definition, installed, present)));
}

export function installedTemplate(found: Resource, template: StepTemplate): InstalledTemplate {
  const version = found.whole['Version'];
  return { id: found.id, version: typeof version === 'number' ? version : 0, template };
}

/** What is sent of a template: Octopus keeps id and version itself, and knows nothing of the rest. */
export function templateBody(template: StepTemplate): Document {
  const { Name, Description, ActionType, CommunityActionTemplateId, GitDependencies, Packages, Properties, Parameters, StepPackageId } = template;
  return { Name, Description, ActionType, CommunityActionTemplateId, GitDependencies, Packages, Properties, Parameters, StepPackageId };
}

/** What is compared: ids of references and parameters may have been given by Octopus. */
function comparableTemplate(template: StepTemplate): Document {
  const { Name, Description, ActionType, Packages, Properties, Parameters } = template;
  return { Name, Description, ActionType, Packages: Packages.map(withoutId), Properties, Parameters: Parameters.map(withoutId) };
}

const withoutId = <T extends { Id?: unknown }>({ Id: _, ...rest }: T): Omit<T, 'Id'> => rest;

function withoutPackageIds(steps: Document[]): Document[] {
  return steps.map((step) => ({ ...step, Actions: (step['Actions'] as Document[]).map((action) => ({ ...action, Packages: (action['Packages'] as { Id: string }[]).map(withoutId) })) }));
}

export function projectBody(): Document {
  return { Name: PROJECT_NAME, Description: `Runbooks that rotate the certificates of this Octopus Server. ${OWNER_MARK}` };
}

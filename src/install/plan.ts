import { installErrors } from '../errors/install.ts';
import type { Refusal } from '../errors/refusal.ts';
import { LEASE_SET } from '../journal/lease-store.ts';
import { document, list, type Document } from '../octopus/reader.ts';
import type { Resource } from '../octopus/resources.ts';
import { PACKAGE_ID } from '../packaging/names.ts';
import { OWNER_MARK, type StepTemplate } from '../packaging/step-template.ts';
import { HOST_ROLE, PROJECT_NAME, RUNBOOK_NAME } from './names.ts';
import { hostAmong, type Observed } from './observe.ts';
import { processSteps, type InstalledTemplate } from './process.ts';
import { snapshotNotes, type InstallSettings, type Release } from './release.ts';
import { missingRights } from './rights.ts';
import { runbookBody } from './runbooks/body.ts';
import type { RunbookDefinition } from './runbooks/definition.ts';
import { differences, type Difference, type IsSecret } from './differences.ts';
import { editsOf, keptNames, type EditedStep, type KeptParameters } from './edits.ts';
import { TRIGGER_NAME, triggerBody } from './schedule.ts';
import { expectedOf } from './setting-values.ts';
import type { Setting } from './settings.ts';
import { mergeVariables, variableDifferences, type MergedVariables, type WantedValues } from './variables.ts';

export type Action = 'create' | 'update' | 'unchanged';
export type Kind = 'package' | 'step template' | 'lease' | 'host role' | 'project' | 'variables' | 'runbook' | 'process' | 'snapshot' | 'trigger';
export interface Change {
  kind: Kind;
  name: string;
  action: Action;
  /** Field by field, of what is there and will change; secrets are told of, never told. */
  differences: Difference[];
  /** Parameters of steps that keep the value that a person gave them. */
  kept: string[];
}

/** What would be done, in its order. */
export interface InstallPlan {
  changes: Change[];
  variables: MergedVariables;
  /** By the runbook's name. */
  kept: ReadonlyMap<string, KeptParameters>;
  /** What people edited and would lose. */
  edited: { runbook: string; steps: EditedStep[] }[];
  editedTemplates: { template: string; differences: Difference[] }[];
}

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
  const lacking = missingRights(plan.changes, observed.rights, observed.spaceId);
  if (lacking.length > 0) found.push(installErrors.INSTALL_PERMISSIONS_MISSING({ account: observed.account.name, permissions: lacking, space: settings.spaceName }));
  if (settings.replaceEdited !== true) {
    for (const { template, differences: lost } of plan.editedTemplates) found.push(installErrors.INSTALL_TEMPLATE_EDITED({ template, differences: lost }));
    for (const { runbook, steps } of plan.edited) found.push(installErrors.INSTALL_STEPS_EDITED({ runbook, steps }));
  }
  if (plan.variables.keyGone) found.push(installErrors.INSTALL_API_KEY_GONE({ name: 'Rotation.ApiKey' }));
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
  const isSecret = secretsOf(release);
  const templates = new Map([...release.templates].map(([phase, template]) => [phase, change('step template', template.Name, observed.templates.get(template.Name) ?? null, comparableTemplate(template), isSecret)] as const));
  const host = hostOf(settings, observed);
  const hasRole = host?.roles.some((role) => role.toLowerCase() === HOST_ROLE) === true;
  const present = observed.project === null ? [] : variablesIn(observed.project.variables.whole);
  const variables = mergeVariables(present, values);
  const variablesChange = observed.project === null || variables.changed;
  const runbooks = definitions.map((definition) => planRunbook(definition, observed, release, templates, variablesChange, isSecret));
  return {
    variables,
    kept: new Map(runbooks.map((each) => [each.name, each.edits.kept])),
    edited: runbooks.filter((each) => each.edits.steps.length > 0).map((each) => ({ runbook: each.name, steps: each.edits.steps })),
    editedTemplates: [...templates].filter(([phase, each]) => each.action === 'update' && isEdited(release.templates.get(phase)!, observed)).map(([, each]) => ({ template: each.name, differences: each.differences })),
    changes: [
      simple('package', `${PACKAGE_ID} ${release.version}`, observed.package.state === 'absent' ? 'create' : 'unchanged'),
      ...templates.values(),
      simple('lease', LEASE_SET, observed.hasLeaseSet ? 'unchanged' : 'create'),
      { ...simple('host role', `${HOST_ROLE} on ${settings.hostTentacle}`, hasRole ? 'unchanged' : 'update'), differences: hasRole ? [] : [{ path: 'Roles', from: (host?.roles ?? []).join(', '), to: [...host?.roles ?? [], HOST_ROLE].join(', ') }] },
      change('project', PROJECT_NAME, observed.project?.project ?? null, projectBody(), isSecret),
      { ...simple('variables', PROJECT_NAME, observed.project === null ? 'create' : variablesChange ? 'update' : 'unchanged'), differences: observed.project === null ? [] : variableDifferences(present, variables.variables) },
      ...runbooks.flatMap((each) => each.changes),
      ...inPublishingOrder(runbooks).map((each) => each.snapshot),
      ...planTrigger(settings, observed, isSecret),
    ],
  };
}

/** Parameters of sensitive steps, by their names in a step's properties and in a template. */
function secretsOf(release: Release): IsSecret {
  const names = new Set([...release.templates.values()].flatMap((template) => template.Parameters).filter((each) => each.DisplaySettings['Octopus.ControlType'] === 'Sensitive').map((each) => each.Name));
  return (name) => names.has(name);
}

/** Octopus raises a template's version at each save, so another one than our steps were made from means that somebody saved it since. */
function isEdited(template: StepTemplate, observed: Observed): boolean {
  const there = observed.templates.get(template.Name)!;
  const known = [...observed.runbooks.values()].flatMap((each) => each?.installed?.steps ?? []).map((step) => ((step['Actions'] as Document[] | undefined)?.[0]?.['Properties'] ?? {}) as Document)
    .filter((properties) => properties['Octopus.Action.Template.Id'] === there.id).map((properties) => properties['Octopus.Action.Template.Version']);
  return known.length > 0 ? !known.includes(String(there.whole['Version'])) : there.whole['Version'] !== 1;
}

/** Last, since what it starts must be there. */
function planTrigger(settings: InstallSettings, observed: Observed, isSecret: IsSecret): Change[] {
  if (settings.schedule === undefined) return [];
  const rotation = observed.runbooks.get(RUNBOOK_NAME) ?? null;
  const wanted = observed.project === null || rotation === null ? null : triggerBody(settings.schedule, observed.project.project.id, rotation.runbook.id, observed.environment?.id ?? '');
  return [wanted === null ? simple('trigger', TRIGGER_NAME, 'create') : change('trigger', TRIGGER_NAME, observed.trigger, wanted, isSecret)];
}

/** A runbook, its process and its snapshot: the snapshot is made anew when anything that it freezes changes. */
function planRunbook(definition: RunbookDefinition, observed: Observed, release: Release, templates: ReadonlyMap<string, Change>, variablesChange: boolean, isSecret: IsSecret): { name: string; changes: Change[]; snapshot: Change; edits: ReturnType<typeof editsOf> } {
  const there = observed.runbooks.get(definition.name) ?? null;
  const present = there === null ? [] : stepsIn(there.process.whole);
  const expected = expectedTemplates(observed, release, templates);
  const isWhole = definition.steps.every((step) => expected.has(step.phase));
  const edits = isWhole ? editsOf(present, there?.installed ?? null, processSteps(definition, expected, present), isSecret) : { kept: new Map(), steps: [] };
  const wanted = isWhole ? withoutPackageIds(processSteps(definition, expected, present, edits.kept)) : [];
  const kept = keptNames(edits.kept);
  const differing = there === null ? [] : differences(present, wanted, isSecret);
  const process: Change = { kind: 'process', name: processName(definition), action: there === null ? 'create' : differing.length > 0 ? 'update' : 'unchanged', differences: differing, kept };
  const [before, versions] = [there?.published?.notes ?? null, there === null || observed.project === null ? null : { processVersion: there.process.version, variablesVersion: observed.project.variables.version }];
  const isCurrent = process.action === 'unchanged' && !variablesChange && versions !== null && before === snapshotNotes({ ...release, ...versions, kept });
  const next = versions === null ? null : snapshotNotes({ ...release, processVersion: versions.processVersion + (process.action === 'unchanged' ? 0 : 1), variablesVersion: versions.variablesVersion + (variablesChange ? 1 : 0), kept });
  return {
    name: definition.name,
    edits: process.action === 'update' ? edits : { ...edits, steps: [] },
    changes: [
      change('runbook', definition.name, there?.runbook ?? null, runbookBody(definition, observed.environment?.id ?? ''), isSecret),
      process,
    ],
    snapshot: { ...simple('snapshot', definition.name, isCurrent ? 'unchanged' : 'create'), differences: isCurrent || before === null ? [] : [{ path: 'Notes', from: before, to: next }] },
  };
}

/**
 * Each snapshot holds process, variables and package of one release, and a run takes the one that is published, whole. They are published when every process
 * is written, a rotation after its ways out: when that breaks off, no newer rotation is open that only older ways out are there for.
 */
export const inPublishingOrder = <T>(inOrderOfDefinition: readonly T[]): T[] => [...inOrderOfDefinition].reverse();

export const processName = (definition: RunbookDefinition): string => `${definition.name} (${definition.steps.length} steps)`;

const simple = (kind: Kind, name: string, action: Action): Change => ({ kind, name, action, differences: [], kept: [] });

function change(kind: Kind, name: string, found: Resource | null, wanted: Document, isSecret: IsSecret): Change {
  if (found === null) return simple(kind, name, 'create');
  const differing = differences(found.whole, wanted, isSecret);
  return { ...simple(kind, name, differing.length === 0 ? 'unchanged' : 'update'), differences: differing };
}

export const variablesIn = (whole: Document): Document[] => list(document)(whole['Variables'], 'the variables');
export const stepsIn = (whole: Document): Document[] => list(document)(whole['Steps'] ?? [], 'the steps');

/** The templates as they will be: one that is not there has no id yet, one that is saved gets the next version. */
function expectedTemplates(observed: Observed, release: Release, changes: ReadonlyMap<string, Change>): Map<string, InstalledTemplate> {
  return new Map([...release.templates].map(([phase, template]) => {
    const found = observed.templates.get(template.Name) ?? null;
    if (found === null) return [phase, { id: '(new)', version: 1, template }];
    const there = installedTemplate(found, template);
    return [phase, { ...there, version: there.version + (changes.get(phase)!.action === 'update' ? 1 : 0) }];
  }));
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

import { randomUUID } from 'node:crypto';
import { packagesFrom, propertiesFrom, propertiesShown } from './action-properties.ts';
import { bodyOf, BodyReader, demandVersion, type Json } from './body.ts';
import { pathOf, readRoutes, selfLink } from './collection.ts';
import { badRequest } from './errors.ts';
import { slugOf } from '../slug.ts';
import { inSpace, touch, type Router, type SpaceCall } from './router.ts';
import { compareVersions } from '../packages.ts';
import { processPackages } from '../tasks/process-packages.ts';
import type { ProcessAction, ProcessStep, RunbookProcess } from '../database/documents.ts';

const stale = 'Changes to this process could not be saved, because another user has made changes to it.';
const stepKeys = ['Id', 'Name', 'Slug', 'Properties', 'Condition', 'StartTrigger', 'PackageRequirement', 'Actions', 'Links'];
const actionKeys = ['Id', 'Name', 'Slug', 'ActionType', 'Notes', 'IsDisabled', 'CanBeUsedForProjectVersioning', 'IsRequired', 'WorkerPoolId', 'WorkerPoolVariable', 'Container', 'Environments', 'ExcludedEnvironments', 'Channels', 'TenantTags', 'Packages', 'GitDependencies', 'Condition', 'Properties', 'Inputs', 'StepPackageVersion', 'LastSavedStepPackageVersion', 'Links'];
const stepProperties = ['Octopus.Action.TargetRoles', 'Octopus.Action.MaxParallelism', 'Octopus.Step.ConditionVariableExpression'];
const actionProperties = ['Octopus.Action.RunOnServer', 'Octopus.Action.Script.ScriptSource', 'Octopus.Action.Script.Syntax', 'Octopus.Action.Script.ScriptBody', 'Octopus.Action.Script.ScriptFileName', 'Octopus.Action.Script.ScriptParameters', 'Octopus.Action.Template.Id', 'Octopus.Action.Template.Version', 'Octopus.Action.FailScriptOnErrorOutput', 'Octopus.Action.EnabledFeatures', 'Octopus.Action.TargetRoles', 'OctopusUseBundledTooling', 'Octopus.Action.Manual.Instructions', 'Octopus.Action.Manual.ResponsibleTeamIds', 'Octopus.Action.Manual.BlockConcurrentDeployments'];

function refuseUnknown(read: BodyReader, what: string, names: string[], known: string[]): void {
  names.filter((name) => !known.includes(name)).forEach((name) => read.complain(`sandbox: unknown property ${name} of ${what}.`));
}

/** A value of one of these, or the first when absent. */
function oneOf(read: BodyReader, what: string, sent: unknown, allowed: string[]): string {
  if (sent === undefined || sent === null) return allowed[0] ?? '';
  if (!allowed.includes(String(sent))) read.complain(`The value '${String(sent)}' is not valid for ${what}.`);
  return String(sent);
}

const list = (sent: unknown): string[] => (Array.isArray(sent) ? sent.map(String) : []);
const idOf = (sent: unknown) => (typeof sent === 'string' && sent !== '' ? sent : randomUUID());

function actionFrom(call: SpaceCall, read: BodyReader, sent: Json, current: RunbookProcess): ProcessAction {
  const Name = typeof sent.Name === 'string' ? sent.Name : '';
  const what = `the action '${Name}'`;
  if (Name === '') read.complain('Please provide a name for each action.');
  refuseUnknown(read, what, Object.keys(sent), actionKeys);
  const ActionType = sent.ActionType === 'Octopus.Manual' ? 'Octopus.Manual' : 'Octopus.Script';
  if (sent.ActionType !== ActionType) read.complain(`sandbox: the action type ${String(sent.ActionType)} of ${what} is not simulated.`);
  const existing = current.Steps.flatMap(({ Actions }) => Actions).find(({ Id }) => Id === sent.Id);
  const Properties = propertiesFrom(call.context.database, read, what, sent.Properties, existing?.Properties ?? {});
  refuseUnknown(read, what, Object.keys(Properties).filter((name) => /^Octopus(\.|Use)/i.test(name)), actionProperties);
  for (const key of ['Inputs', 'WorkerPoolVariable', 'StepPackageVersion', 'LastSavedStepPackageVersion']) if (sent[key]) read.complain(`sandbox: ${key} of ${what} is not simulated.`);
  if (list(sent.Channels).length + list(sent.TenantTags).length + list(sent.GitDependencies).length > 0) read.complain(`sandbox: channels, tenant tags and Git dependencies of ${what} are not simulated.`);
  return {
    Id: idOf(sent.Id), Name, Slug: slugOf(Name), ActionType, Notes: sent.Notes ?? null, IsDisabled: sent.IsDisabled === true, CanBeUsedForProjectVersioning: false, IsRequired: sent.IsRequired === true, WorkerPoolId: sent.WorkerPoolId ?? null, WorkerPoolVariable: null,
    Container: sent.Container ?? { Image: null, FeedId: null, GitUrl: null, Dockerfile: null }, Environments: list(sent.Environments), ExcludedEnvironments: list(sent.ExcludedEnvironments), Channels: [], TenantTags: [], Packages: packagesFrom(read, what, sent.Packages), GitDependencies: [],
    Condition: oneOf(read, `Condition of ${what}`, sent.Condition, ['Success', 'Variable', 'Failure', 'Always']), Properties,
  };
}

function stepFrom(call: SpaceCall, read: BodyReader, sent: Json, current: RunbookProcess): ProcessStep {
  const Name = typeof sent.Name === 'string' ? sent.Name : '';
  const what = `the step '${Name}'`;
  if (Name === '') read.complain('Please provide a name for each step.');
  refuseUnknown(read, what, Object.keys(sent), stepKeys);
  const Properties = propertiesFrom(call.context.database, read, what, sent.Properties, {}) as Record<string, string>;
  refuseUnknown(read, what, Object.keys(Properties), stepProperties);
  if (!Array.isArray(sent.Actions) || sent.Actions.length === 0) read.complain(`Please provide at least one action for ${what}.`);
  return {
    Id: idOf(sent.Id), Name, Slug: slugOf(Name), Properties, Condition: oneOf(read, `Condition of ${what}`, sent.Condition, ['Success', 'Failure', 'Always', 'Variable']),
    StartTrigger: oneOf(read, `StartTrigger of ${what} (sandbox: only StartAfterPrevious is simulated)`, sent.StartTrigger, ['StartAfterPrevious']),
    PackageRequirement: oneOf(read, `PackageRequirement of ${what}`, sent.PackageRequirement, ['LetOctopusDecide', 'AfterPackageAcquisition', 'BeforePackageAcquisition']),
    Actions: (Array.isArray(sent.Actions) ? (sent.Actions as Json[]) : []).map((action) => actionFrom(call, read, bodyOf(action), current)),
  };
}

export function processResource(call: SpaceCall, process: RunbookProcess): Json {
  const { Frozen: _frozen, ...shown } = process;
  const Steps = process.Steps.map((step) => ({ ...step, Actions: step.Actions.map((action) => ({ ...action, Properties: propertiesShown(action.Properties), Links: {} })) }));
  return { ...shown, LastSnapshotId: null, Steps, ...selfLink(call, 'runbookProcesses', process.Id, { RunbookSnapshotTemplate: `${pathOf(call, 'runbookProcesses', process.Id)}/runbookSnapshotTemplate{?runbookSnapshotId}` }) };
}

function save(call: SpaceCall): Json {
  const current = inSpace(call, call.all.RunbookProcesses, call.params.id ?? '');
  if (current.Frozen) throw badRequest('The process of a snapshot cannot be changed.');
  const body = bodyOf(call.body);
  const read = new BodyReader(body);
  refuseUnknown(read, 'the process', Object.keys(body), ['Id', 'ProjectId', 'RunbookId', 'SpaceId', 'SpaceName', 'Version', 'LastSnapshotId', 'Steps', 'Links', 'LastModifiedOn', 'LastModifiedBy']);
  if (!Array.isArray(body.Steps)) throw badRequest('Please provide Steps, an array.');
  const Steps = (body.Steps as Json[]).map((step) => stepFrom(call, read, bodyOf(step), current));
  const names = Steps.flatMap(({ Actions }) => Actions.map(({ Name }) => Name.toLowerCase()));
  names.filter((name, index) => names.indexOf(name) !== index).forEach((name) => read.complain(`The action name '${name}' occurs twice.`));
  read.check();
  return call.context.database.write(({ Collections }) => {
    const stored = inSpace(call, Collections.RunbookProcesses, current.Id);
    demandVersion(stored.Version, body, stale);
    return processResource(call, touch(call, Object.assign(stored, { Steps, Version: stored.Version + 1 })));
  });
}

/** What a new snapshot needs: a name and a version for each package. */
function snapshotTemplate(call: SpaceCall): Json {
  const process = inSpace(call, call.all.RunbookProcesses, call.params.id ?? '');
  const names = call.all.RunbookSnapshots.filter(({ RunbookId }) => RunbookId === process.RunbookId).length;
  const latest = (packageId: string) => call.all.Packages.filter((item) => item.SpaceId === call.space.Id && item.PackageId.toLowerCase() === packageId.toLowerCase()).map(({ Version }) => Version).sort(compareVersions).at(-1) ?? null;
  return {
    NextNameIncrement: `Snapshot ${names + 1}`, RunbookProcessId: process.Id, RunbookId: process.RunbookId,
    Packages: processPackages(call.context.database, process).map(({ stepName, action, reference, packageId, feedId }) => ({ StepName: stepName, ActionName: action.Name, PackageReferenceName: reference.Name, PackageId: packageId, FeedId: feedId, FeedName: 'Octopus Server (built-in)', IsResolvable: packageId !== '', FixedVersion: reference.Version ?? null, LatestVersion: latest(packageId), Links: {} })),
    Links: { Self: `${pathOf(call, 'runbookProcesses', process.Id)}/runbookSnapshotTemplate` },
  };
}

/** Processes of runbooks (octopus-rest.md 6.1), under the space and under `/projects/{id}`. */
export function runbookProcessRoutes(router: Router): void {
  readRoutes(router, { noun: 'runbookProcesses', collection: 'RunbookProcesses', itemType: 'RunbookProcess', permission: 'ProcessView', toResource: processResource, hidden: ({ Frozen }) => Frozen === true });
  for (const prefix of ['', '/projects/:project']) {
    if (prefix !== '') router.space('GET', `${prefix}/runbookProcesses/:id`, { permission: 'ProcessView' }, (call) => processResource(call, inSpace(call, call.all.RunbookProcesses, call.params.id ?? '')));
    router.space('PUT', `${prefix}/runbookProcesses/:id`, { permission: 'ProcessEdit' }, save);
    router.space('GET', `${prefix}/runbookProcesses/:id/runbookSnapshotTemplate`, { permission: 'ProcessView' }, snapshotTemplate);
  }
}

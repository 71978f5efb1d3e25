import { installErrors } from '../errors/install.ts';
import { LEASE_SET } from '../journal/lease-store.ts';
import type { Http } from '../octopus/http.ts';
import { createLibrarySet } from '../octopus/library-sets.ts';
import { pushPackage } from '../octopus/packages.ts';
import { changeResource, createResource, readResource, type Resource } from '../octopus/resources.ts';
import { publishSnapshot } from '../octopus/runbook-snapshots.ts';
import { writeVersioned } from '../octopus/versioned.ts';
import { PACKAGE_ID } from '../packaging/names.ts';
import { keptNames } from './edits.ts';
import { HOST_ROLE, RUNBOOK_NAME } from './names.ts';
import { comparePackage, observeProject, observeRunbook, processPath, variablesPath, type Observed, type ObservedRunbook } from './observe.ts';
import { hostOf, inPublishingOrder, installedTemplate, processName, projectBody, stepsIn, templateBody, variablesIn, type Change, type InstallPlan, type Kind } from './plan.ts';
import { processSteps, type InstalledTemplate } from './process.ts';
import { snapshotNotes, type InstallSettings, type Release } from './release.ts';
import { runbookBody } from './runbooks/body.ts';
import type { RunbookDefinition } from './runbooks/definition.ts';
import { says } from './same.ts';
import { triggerBody } from './schedule.ts';
import { mergeVariables, type WantedValues } from './variables.ts';
import type { Warning } from './warnings.ts';

export interface Installed { projectId: string; /** In the order of their definitions. */ runbooks: { name: string; runbookId: string; snapshot: string }[] }

export interface Watch {
  /** Called before anything is written. */
  warning(warning: Warning): void;
  /** Called after each resource, in the order of the plan; also for those that were left as they are. */
  change(done: Change): void;
  /** The secret was stored this moment: the only time that it can be shown. */
  secretMade(value: string): void;
}

/**
 * Makes the plan true. Each resource is complete before the next one refers to it, so that an installation that breaks off is finished by the
 * next one. Writes only what the plan says; versions and ids are those that Octopus answers with.
 */
export async function applyPlan(http: Http, settings: InstallSettings, observed: Observed, release: Release, definitions: readonly RunbookDefinition[], values: WantedValues, plan: InstallPlan, watch: Watch): Promise<Installed> {
  const { spaceId } = observed;
  const changeOf = (kind: Kind, name?: string): Change => plan.changes.find((each) => each.kind === kind && (name === undefined || each.name === name))!;
  const one = async <T>(kind: Kind, work: (change: Change) => Promise<T>, name?: string): Promise<T> => {
    const change = changeOf(kind, name);
    const result = await work(change);
    watch.change(change);
    return result;
  };

  await one('package', async (change) => {
    if (change.action !== 'unchanged') await push(http, spaceId, release);
  });

  const templates = new Map<string, InstalledTemplate>();
  for (const [phase, template] of release.templates) {
    const change = changeOf('step template', template.Name);
    const there = observed.templates.get(template.Name) ?? null;
    const stored = there === null ? await createResource(http, spaceId, 'actiontemplates', templateBody(template))
      : change.action === 'unchanged' ? there : await changeResource(http, spaceId, 'actiontemplates', there, templateBody(template));
    templates.set(phase, installedTemplate(stored, template));
    watch.change(change);
  }

  await one('lease', async (change) => {
    if (change.action !== 'unchanged') await createLibrarySet(http, spaceId, LEASE_SET, 'Which certificate rotation is open, and who works on it. Written by Octopus Rotation; not for editing.');
  });

  await one('host role', async (change) => {
    if (change.action !== 'unchanged') await addHostRole(http, spaceId, hostOf(settings, observed)!.id);
  });

  const project = await one('project', async (change) => {
    if (observed.project === null) {
      return observeProject(http, spaceId, await createResource(http, spaceId, 'projects', { ...projectBody(), ProjectGroupId: observed.projectGroupId, LifecycleId: observed.lifecycleId }));
    }
    if (change.action !== 'unchanged') await changeResource(http, spaceId, 'projects', observed.project.project, projectBody());
    return observed.project;
  });

  const variablesVersion = await one('variables', async (change) => {
    if (change.action === 'unchanged') return project.variables.version;
    const merged = mergeVariables(variablesIn(project.variables.whole), values);
    const body = { ...project.variables.whole, Variables: merged.variables };
    const plain = merged.variables.map((each) => (each['IsSensitive'] === true ? { Name: each['Name'] } : { Name: each['Name'], Value: each['Value'] }));
    const written = await writeVersioned(http, variablesPath(spaceId, project.variablesId), body, (found) => says(variablesIn(found), plain));
    if (merged.secretMade) watch.secretMade(values.newSecret);
    return written.version;
  });

  const environmentId = observed.environment!.id;
  const written: { definition: RunbookDefinition; runbook: ObservedRunbook; processVersion: number }[] = [];
  for (const definition of definitions) {
    const before = observed.runbooks.get(definition.name) ?? null;
    const runbook = await one('runbook', async (change) => {
      if (before === null) return observeRunbook(http, spaceId, await createResource(http, spaceId, 'runbooks', { ProjectId: project.project.id, ...runbookBody(definition, environmentId) }));
      if (change.action !== 'unchanged') await changeResource(http, spaceId, 'runbooks', before.runbook, runbookBody(definition, environmentId));
      return before;
    }, definition.name);

    const processVersion = await one('process', async (change) => {
      if (change.action === 'unchanged') return runbook.process.version;
      const steps = processSteps(definition, templates, stepsIn(runbook.process.whole), plan.kept.get(definition.name));
      const { version } = await writeVersioned(http, processPath(spaceId, runbook.processId), { ...runbook.process.whole, Steps: steps }, (found) => says(stepsIn(found), steps));
      return version;
    }, processName(definition));
    written.push({ definition, runbook, processVersion });
  }

  const snapshots = new Map<string, string>();
  for (const { definition, runbook, processVersion } of inPublishingOrder(written)) {
    const snapshot = await one('snapshot', async (change) => {
      if (change.action === 'unchanged' && runbook.published !== null) return runbook.published;
      return publishSnapshot(http, spaceId, {
        projectId: project.project.id, runbookId: runbook.runbook.id, processId: runbook.processId,
        notes: snapshotNotes({ ...release, processVersion, variablesVersion, kept: keptNames(plan.kept.get(definition.name) ?? new Map()) }),
        packages: definition.steps.map((step) => ({ ActionName: step.name, PackageReferenceName: PACKAGE_ID, Version: release.version })),
      });
    }, definition.name);
    snapshots.set(definition.name, snapshot.name);
  }
  const runbooks = written.map(({ definition, runbook }) => ({ name: definition.name, runbookId: runbook.runbook.id, snapshot: snapshots.get(definition.name)! }));
  if (settings.schedule !== undefined) {
    const rotation = runbooks.find((each) => each.name === RUNBOOK_NAME)!;
    const body = triggerBody(settings.schedule, project.project.id, rotation.runbookId, environmentId);
    await one('trigger', async (change) => {
      if (observed.trigger === null) await createResource(http, spaceId, 'projecttriggers', body);
      else if (change.action !== 'unchanged') await changeResource(http, spaceId, 'projecttriggers', observed.trigger, body);
    });
  }
  return { projectId: project.project.id, runbooks };
}

/** A package that somebody pushed since the look is compared like one that was there before. */
async function push(http: Http, spaceId: string, release: Release): Promise<void> {
  const { existed, stored } = await pushPackage(http, spaceId, release.fileName, release.content);
  if (!existed) return;
  const compared = await comparePackage(http, spaceId, stored, release);
  if (compared.state === 'differs') throw installErrors.INSTALL_PACKAGE_DIFFERS({ file: release.fileName, stored: compared.hash });
}

/** Read anew, so that a change that somebody made in the meantime is kept (octopus-rest.md 5.1: the whole body and `MachineId`). */
async function addHostRole(http: Http, spaceId: string, machineId: string): Promise<void> {
  const machine: Resource = await readResource(http, spaceId, 'machines', machineId);
  const roles = Array.isArray(machine.whole['Roles']) ? machine.whole['Roles'] : [];
  await changeResource(http, spaceId, 'machines', machine, { MachineId: machineId, Roles: [...roles, HOST_ROLE] });
}

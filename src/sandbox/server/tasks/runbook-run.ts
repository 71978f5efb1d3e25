import type { EngineAction, EnginePackage, EngineProcess, EngineVariable } from '../../engine/contract.ts';
import { isProtected } from '../database/encryption.ts';
import type { Document, ProcessAction, RunbookProcess, RunbookRun, RunbookSnapshot, ServerTask } from '../database/documents.ts';
import { type PackageStore } from '../packages.ts';
import { engine } from './engine-seam.ts';
import { processPackages } from './process-packages.ts';
import type { TaskRunner } from './queue.ts';
import { engineRun, reachable, type RunParts } from './run-parts.ts';
import { plain, systemVariables } from './system-variables.ts';
import { resolveVariables } from './variable-resolution.ts';

function require<T extends Document>(items: T[], id: string): T {
  const item = items.find((candidate) => candidate.Id === id);
  if (!item) throw new Error(`The document '${id}' that this run needs is gone.`);
  return item;
}

/** Runs the frozen process of a snapshot with its frozen variables and packages. */
export function runbookRunRunner(parts: RunParts & { packages: PackageStore }): TaskRunner {
  return async (task, root, cancelled) => {
    const all = parts.database.read().Collections;
    const run = require(all.RunbookRuns, String(task.Arguments.RunbookRunId));
    const snapshot = require(all.RunbookSnapshots, run.RunbookSnapshotId);
    const process = require(all.RunbookProcesses, snapshot.FrozenRunbookProcessId);
    const inEnvironment = all.Machines.filter((machine) => machine.SpaceId === task.SpaceId && machine.EnvironmentIds.includes(run.EnvironmentId)
      && (run.SpecificMachineIds.length === 0 || run.SpecificMachineIds.includes(machine.Id)) && !run.ExcludedMachineIds.includes(machine.Id));
    const variables = [...systemVariables(parts, task), ...runVariables(parts, task, run, snapshot)];
    const packages = selectedPackages(parts, task, snapshot, process);
    const perform = await engine.runbook();
    return perform(engineRun(parts, task, root, cancelled, reachable(inEnvironment, root), { variables, packages }), engineProcess(parts, process, snapshot, run));
  };
}

function runVariables(parts: RunParts, task: ServerTask, run: RunbookRun, snapshot: RunbookSnapshot): EngineVariable[] {
  const all = parts.database.read().Collections;
  const named = (prefix: string, item: { Id: string; Name: string }) => [plain(`${prefix}.Id`, item.Id), plain(`${prefix}.Name`, item.Name)];
  const project = require(all.VariableSets, snapshot.FrozenProjectVariableSetId);
  const libraries = snapshot.LibraryVariableSetSnapshotIds.map((id) => require(all.VariableSets, id));
  return [
    ...named('Octopus.Environment', require(all.Environments, run.EnvironmentId)), ...named('Octopus.Project', require(all.Projects, run.ProjectId)),
    ...named('Octopus.Runbook', require(all.Runbooks, run.RunbookId)), ...named('Octopus.RunbookSnapshot', snapshot), plain('Octopus.RunbookRun.Id', run.Id),
    plain('Octopus.RunbookRun.Created', run.Created), plain('Octopus.RunbookRun.CreatedBy.Username', task.CreatedBy),
    ...resolveVariables(parts.database, project, libraries, run.EnvironmentId, run.RunbookId, run.FormValues),
  ];
}

function selectedPackages(parts: RunParts & { packages: PackageStore }, task: ServerTask, snapshot: RunbookSnapshot, process: RunbookProcess): EnginePackage[] {
  return processPackages(parts.database, process).map(({ action, reference, packageId }) => {
    const version = versionFor(snapshot, action, reference.Name) ?? reference.Version;
    const item = version === undefined ? undefined : parts.packages.find(task.SpaceId ?? '', packageId, version);
    if (!item) throw new Error(`The package ${packageId} version ${version ?? '(none selected)'} of the step ${action.Name} was not found in the feed.`);
    return { actionName: action.Name, referenceName: reference.Name, packageId, version: item.Version, open: async () => parts.packages.content(item) };
  });
}

function versionFor(snapshot: RunbookSnapshot, action: ProcessAction, referenceName: string): string | undefined {
  return snapshot.SelectedPackages.find((selected) => selected.ActionName === action.Name && selected.PackageReferenceName === referenceName)?.Version;
}

function engineProcess(parts: RunParts, process: RunbookProcess, snapshot: RunbookSnapshot, run: RunbookRun): EngineProcess {
  const environments = (action: ProcessAction) => (action.Environments.length === 0 || action.Environments.includes(run.EnvironmentId)) && !action.ExcludedEnvironments.includes(run.EnvironmentId);
  const skipped = (action: ProcessAction) => run.SkipActions.includes(action.Id) || !environments(action);
  return {
    Steps: process.Steps.map((step) => ({
      Name: step.Name, Condition: step.Condition as 'Success', StartTrigger: step.StartTrigger as 'StartAfterPrevious', PackageRequirement: step.PackageRequirement as 'LetOctopusDecide', Properties: step.Properties,
      Actions: step.Actions.map((action): EngineAction => ({
        ...action, IsDisabled: action.IsDisabled || skipped(action),
        Packages: action.Packages.map((reference) => {
          const version = versionFor(snapshot, action, reference.Name) ?? reference.Version;
          return version === undefined ? reference : { ...reference, Version: version };
        }),
        Properties: Object.fromEntries(Object.entries(action.Properties).map(([name, value]) => [name, isProtected(value) ? { value: parts.database.reveal(value), sensitive: true as const } : value])),
      })),
    })),
  };
}

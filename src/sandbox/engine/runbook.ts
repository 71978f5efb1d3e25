import { Variables } from '../octostache/variables.ts';
import { collectArtifacts } from './artifacts.ts';
import { calamariRequest, type StagedPackage } from './calamari-request.ts';
import type { Activity, EngineAction, EngineMachine, EngineOutcome, EnginePackage, EngineProcess, EngineRun, EngineStep, RunRunbook } from './contract.ts';
import { Masker } from './masker.ts';
import { propertyText, refusalsOf } from './process-checks.ts';
import { messageOf, runRemotely, type Patience } from './remote-script.ts';
import { inParallel } from './waiting.ts';

const defaultParallelism = 10;

/**
 * Runs a runbook's steps in order (octopus-rest.md sections 4.5, 6.1; step-packages.md sections 7 to 9). Refuses the whole run,
 * before anything has happened, when the process holds anything it does not know. Never rejects.
 */
export const runRunbook: RunRunbook = (run, process) => runRunbookWith(run, process, undefined);

/** `runRunbook` with other time limits, for tests. */
export async function runRunbookWith(run: EngineRun, process: EngineProcess, patience: Patience | undefined): Promise<EngineOutcome> {
  const outcome = await new RunbookExecution(run, process, patience).execute();
  run.root.status(outcome.state === 'Success' && outcome.hasWarnings ? 'SuccessWithWarning' : outcome.state);
  return outcome;
}

class RunbookExecution {
  private readonly masker = new Masker();
  private readonly variables: Variables;
  private readonly contents = new Map<EnginePackage, Promise<string>>();
  private error: string | null = null;
  private hasWarnings = false;

  constructor(private readonly run: EngineRun, private readonly process: EngineProcess, private readonly patience: Patience | undefined) {
    this.variables = new Variables([['Octopus.Task.Id', run.taskId], ['Octopus.Space.Id', run.spaceId]]);
    for (const { name, value, sensitive } of run.variables) this.setVariable(name, value, sensitive);
  }

  async execute(): Promise<EngineOutcome> {
    this.run.root.status('Running');
    const refusals = [...refusalsOf(this.process), ...this.missingPackages()];
    if (refusals.length > 0) {
      for (const text of refusals) this.run.root.log('Fatal', this.masker.mask(text));
      return { state: 'Failed', errorMessage: this.masker.mask(refusals.join(' ')), hasWarnings: false };
    }
    for (const [at, step] of this.process.Steps.entries()) {
      if (this.run.cancelled.aborted) break;
      await this.step(step, at + 1);
    }
    if (this.run.cancelled.aborted) {
      this.run.root.log('Error', 'The run was canceled.');
      return { state: 'Canceled', errorMessage: 'The run was canceled.', hasWarnings: this.hasWarnings };
    }
    if (this.error === null) return { state: 'Success', errorMessage: '', hasWarnings: this.hasWarnings };
    const errorMessage = 'The runbook run failed because one or more steps failed. Please see the task log for details.';
    this.run.root.log('Fatal', errorMessage);
    return { state: 'Failed', errorMessage, hasWarnings: this.hasWarnings };
  }

  private async step(step: EngineStep, number: number): Promise<void> {
    const activity = this.run.root.child(`Step ${number}: ${step.Name}`);
    activity.status('Running');
    const status = (code: string): void => this.variables.set(`Octopus.Step[${step.Name}].Status.Code`, code);
    const skip = (reason: string): void => {
      activity.log('Info', this.masker.mask(reason));
      activity.status('Skipped');
      status('Skipped');
    };
    try {
      const action = step.Actions[0] as EngineAction;
      if (action.IsDisabled === true) return skip('Skipping this step as it is disabled.');
      const reason = this.reasonToSkip(step);
      if (reason !== null) return skip(reason);
      if (action.ActionType === 'Octopus.Manual') return await this.intervene(action, activity, status);
      const roles = this.rolesOf(step);
      const machines = this.machinesOf(roles, activity);
      if (machines.length === 0) return skip(`Skipping this step as no deployment targets were found in the role(s) ${roles.map((role) => `"${role}"`).join(', ')}.`);
      const limit = Number(step.Properties['Octopus.Action.MaxParallelism'] || defaultParallelism);
      const results = await inParallel(machines, limit, (machine) => this.onMachine(step, action, number, machine, activity.child(machine.name)));
      const failures = results.filter((result) => result.failure !== null);
      if (failures.length > 0) throw new StepFailed(failures.map(({ machine, failure }) => `Activity ${action.Name} on ${machine} failed with error '${failure ?? ''}'.`).join(' '));
      activity.status(this.run.cancelled.aborted ? 'Canceled' : results.some((result) => result.hasWarnings) ? 'SuccessWithWarning' : 'Success');
      status('Succeeded');
    } catch (error) {
      const text = this.masker.mask(messageOf(error));
      activity.log('Fatal', `The step failed: ${text}`);
      activity.status(this.run.cancelled.aborted ? 'Canceled' : 'Failed');
      status(this.run.cancelled.aborted ? 'Canceled' : 'Failed');
      this.variables.set(`Octopus.Step[${step.Name}].Status.Error`, text);
      this.fail(text);
    }
  }

  /** A manual intervention at top level: whoever aborts it fails the step. */
  private async intervene(action: EngineAction, activity: Activity, status: (code: string) => void): Promise<void> {
    const instructions = this.masker.mask(this.variables.evaluate(propertyText(action.Properties['Octopus.Action.Manual.Instructions']) ?? '').text);
    activity.log('Wait', `Waiting for a person: ${instructions}`);
    const told = await this.run.intervene({ title: action.Name, instructions });
    if (told === null) return activity.status('Canceled');
    this.setVariable(`Octopus.Action[${action.Name}].Output.Manual.Notes`, told.notes, false);
    this.setVariable(`Octopus.Action[${action.Name}].Output.Manual.ResponsibleUser.Username`, told.user, false);
    if (told.result === 'Abort') throw new StepFailed(`The manual intervention was aborted by ${told.user}.`);
    activity.log('Info', `${told.user} said: Proceed.`);
    activity.status('Success');
    status('Succeeded');
  }

  /** Null: the step runs. A variable condition is evaluated even after a failure; its expression decides alone. */
  private reasonToSkip(step: EngineStep): string | null {
    const failed = this.error !== null;
    if (step.Condition === 'Success' && failed) return 'Skipping this step as a previous step failed and its run condition is Success.';
    if (step.Condition === 'Failure' && !failed) return 'Skipping this step as no previous step failed and its run condition is Failure.';
    if (step.Condition !== 'Variable') return null;
    const expression = step.Properties['Octopus.Step.ConditionVariableExpression'] ?? '';
    if (this.variables.isTruthy(expression)) return null;
    return `Skipping this step as its run condition "${expression}" evaluated to "${this.variables.evaluate(expression).text}".`;
  }

  private rolesOf(step: EngineStep): string[] {
    const text = this.variables.evaluate(step.Properties['Octopus.Action.TargetRoles'] ?? '').text;
    return text.split(',').map((role) => role.trim()).filter((role) => role !== '');
  }

  /**
   * Machines in any of the roles. What the last health check said decides nothing: whoever is left in the run is tried, and a
   * machine that does not answer fails its step. Leaving out unhealthy ones beforehand is the server's (ConnectivityPolicy).
   */
  private machinesOf(roles: string[], activity: Activity): EngineMachine[] {
    const wanted = new Set(roles.map((role) => role.toLowerCase()));
    const inRole = this.run.machines.filter((machine) => machine.roles.some((role) => wanted.has(role.toLowerCase())));
    for (const machine of inRole) if (machine.isDisabled) activity.log('Info', `The machine ${machine.name} is disabled and will not be included.`);
    return inRole.filter((machine) => !machine.isDisabled);
  }

  private async onMachine(step: EngineStep, action: EngineAction, number: number, machine: EngineMachine, activity: Activity): Promise<{ machine: string; failure: string | null; hasWarnings: boolean }> {
    activity.status('Running');
    const scope = this.actionScope(step, action, number, machine);
    const packages = await this.stage(action, scope);
    const result = await runRemotely({
      machine, activity, masker: this.masker, cancelled: this.run.cancelled, ...(this.patience && { patience: this.patience }),
      request: calamariRequest(this.run.taskId, scope, packages, this.masker),
      collect: (output) => collectArtifacts(this.run, output),
    });
    for (const { name, value, sensitive } of result.output.variables) {
      this.setVariable(`Octopus.Action[${action.Name}].Output.${name}`, value, sensitive);
      this.setVariable(`Octopus.Action[${action.Name}].Output[${machine.name}].${name}`, value, sensitive);
    }
    const failure = result.failure === null ? null : this.masker.mask(result.failure);
    if (failure !== null) activity.log('Fatal', failure);
    activity.status(result.cancelled ? 'Canceled' : failure !== null ? 'Failed' : result.output.hasWarnings ? 'SuccessWithWarning' : 'Success');
    if (result.output.hasWarnings) this.hasWarnings = true;
    return { machine: machine.name, failure, hasWarnings: result.output.hasWarnings };
  }

  /** Properties of step and action are variables in the action's scope; template parameters arrive by this way. */
  private actionScope(step: EngineStep, action: EngineAction, number: number, machine: EngineMachine): Variables {
    const scope = this.variables.copy();
    for (const [name, property] of [...Object.entries(step.Properties), ...Object.entries(action.Properties)]) {
      scope.set(name, propertyText(property) ?? '');
      if (typeof property !== 'string') this.masker.add(property.value);
    }
    const own: Record<string, string> = {
      'Octopus.Step.Name': step.Name, 'Octopus.Step.Number': String(number), 'Octopus.Action.Name': action.Name, 'Octopus.Action.Number': String(number),
      'Octopus.Machine.Id': machine.id, 'Octopus.Machine.Name': machine.name, 'Octopus.Machine.Roles': machine.roles.join(','),
    };
    for (const [name, value] of Object.entries(own)) scope.set(name, value);
    return scope;
  }

  private packageOf(action: EngineAction, referenceName: string): EnginePackage | undefined {
    return this.run.packages.find((one) => one.actionName.toLowerCase() === action.Name.toLowerCase() && one.referenceName.toLowerCase() === referenceName.toLowerCase());
  }

  private missingPackages(): string[] {
    return this.process.Steps.flatMap((step) => step.Actions.flatMap((action) => (action.Packages ?? [])
      .filter((reference) => this.packageOf(action, reference.Name) === undefined)
      .map((reference) => `Step "${step.Name}": no package was selected for the reference "${reference.Name}" of action "${action.Name}".`)));
  }

  private async stage(action: EngineAction, scope: Variables): Promise<StagedPackage[]> {
    const staged: StagedPackage[] = [];
    for (const reference of action.Packages ?? []) {
      const selected = this.packageOf(action, reference.Name) as EnginePackage;
      const set = (property: string, value: string): void => scope.set(`Octopus.Action.Package[${reference.Name}].${property}`, value);
      for (const [name, value] of Object.entries(reference.Properties ?? {})) set(name, value);
      set('PackageId', selected.packageId);
      set('PackageVersion', selected.version);
      if (reference.FeedId) set('FeedId', reference.FeedId);
      if (reference.AcquisitionLocation === 'NotAcquired') continue;
      const path = `.packages/${`${selected.packageId}.${selected.version}`.replace(/[^A-Za-z0-9._-]/g, '_')}.zip`;
      set('OriginalPath', path);
      if (!staged.some((one) => one.path === path)) staged.push({ path, base64: await this.contentOf(selected) });
    }
    return staged;
  }

  private contentOf(selected: EnginePackage): Promise<string> {
    let content = this.contents.get(selected);
    if (content === undefined) {
      content = selected.open().then((bytes) => Buffer.from(bytes).toString('base64'));
      this.contents.set(selected, content);
    }
    return content;
  }

  private setVariable(name: string, value: string, sensitive: boolean): void {
    this.variables.set(name, value);
    if (sensitive) this.masker.add(value);
  }

  private fail(text: string): void {
    if (this.error !== null) return;
    this.error = text;
    this.variables.set('Octopus.Deployment.Error', text);
    this.variables.set('Octopus.Deployment.ErrorDetail', text);
  }
}

class StepFailed extends Error {}

import { Variables } from '../octostache/variables.ts';
import { collectArtifacts } from './artifacts.ts';
import { calamariRequest } from './calamari-request.ts';
import type { EngineMachine, EngineOutcome, EngineRun, RunAdHocScript } from './contract.ts';
import { Masker } from './masker.ts';
import { runRemotely, type Patience } from './remote-script.ts';
import { inParallel } from './waiting.ts';

const parallelism = 10;

/** An `AdHocScript` task (octopus-rest.md section 4.4): the same body on every machine, disabled ones left out. Never rejects. */
export const runAdHocScript: RunAdHocScript = (run, script) => runAdHocScriptWith(run, script, undefined);

/** `runAdHocScript` with other time limits, for tests. */
export async function runAdHocScriptWith(run: EngineRun, script: Parameters<RunAdHocScript>[1], patience: Patience | undefined): Promise<EngineOutcome> {
  const masker = new Masker();
  run.root.status('Running');
  const end = (outcome: EngineOutcome): EngineOutcome => {
    run.root.status(outcome.state === 'Success' && outcome.hasWarnings ? 'SuccessWithWarning' : outcome.state);
    if (outcome.errorMessage !== '') run.root.log('Fatal', outcome.errorMessage);
    return outcome;
  };
  for (const machine of run.machines) if (machine.isDisabled) run.root.log('Info', `The machine ${machine.name} is disabled and will not be included.`);
  const machines = run.machines.filter((machine) => !machine.isDisabled);
  if (machines.length === 0) return end({ state: 'Failed', errorMessage: 'There are no machines to run the script on.', hasWarnings: false });

  let hasWarnings = false;
  const failures = (await inParallel(machines, parallelism, onMachine)).filter((failure) => failure !== null);
  if (run.cancelled.aborted) return end({ state: 'Canceled', errorMessage: 'The script was canceled.', hasWarnings });
  if (failures.length > 0) return end({ state: 'Failed', errorMessage: `The script failed on ${failures.length} of ${machines.length} machines: ${failures.join(' ')}`, hasWarnings });
  return end({ state: 'Success', errorMessage: '', hasWarnings });

  async function onMachine(machine: EngineMachine): Promise<string | null> {
    const activity = run.root.child(`Run script on: ${machine.name}`);
    activity.status('Running');
    const variables = new Variables([['Octopus.Task.Id', run.taskId], ['Octopus.Space.Id', run.spaceId]]);
    for (const { name, value, sensitive } of run.variables) {
      variables.set(name, value);
      if (sensitive) masker.add(value);
    }
    for (const [name, value] of Object.entries({
      'Octopus.Machine.Id': machine.id, 'Octopus.Machine.Name': machine.name, 'Octopus.Machine.Roles': machine.roles.join(','),
      'Octopus.Action.Script.Syntax': script.syntax, 'Octopus.Action.Script.ScriptBody': script.body,
    })) variables.set(name, value);
    const result = await runRemotely({
      machine, activity, masker, cancelled: run.cancelled, request: calamariRequest(run.taskId, variables, [], masker),
      ...(patience && { patience }), collect: (output) => collectArtifacts(run, output),
    });
    const failure = result.failure === null ? null : masker.mask(result.failure);
    if (failure !== null) activity.log('Fatal', failure);
    if (result.output.hasWarnings) hasWarnings = true;
    activity.status(result.cancelled ? 'Canceled' : failure !== null ? 'Failed' : result.output.hasWarnings ? 'SuccessWithWarning' : 'Success');
    return failure === null ? null : `${machine.name}: ${failure}`;
  }
}

import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { runRunbook, runRunbookWith } from '../../../src/sandbox/engine/runbook.ts';
import type { EngineStep } from '../../../src/sandbox/engine/contract.ts';
import { engineRun, machine, step } from './estate.ts';

const impatient = { connect: 200, lost: 300, cancel: 2000 };
const plain = (lines: string[]): string[] => lines.filter((line) => line.startsWith('Info:')).map((line) => line.slice('Info: '.length));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('a runbook', () => {
  it('runs its steps in order, one activity a step and a machine, and hands outputs on under every documented name', async () => {
    const { run, root } = engineRun([machine('web-01')], { variables: [{ name: 'Greeting', value: 'hello #{Who}', sensitive: false }, { name: 'Who', value: 'world', sensitive: false }] });
    const outcome = await runRunbook(run, { Steps: [
      step('Plan it', 'set_octopusvariable X "a #{Greeting}"\nset_octopusvariable Raw "##{Who} ##{Nope}"', {}),
      step('Use it', 'get_octopusvariable Param; echo; get_octopusvariable "Octopus.Action[Plan it].Output[web-01].X"; echo; get_octopusvariable "Octopus.Action[Plan it].Output.Raw"; echo; echo "lower case: [$(get_octopusvariable "octopus.action[plan it].output.raw")]"', { properties: { Param: '#{Octopus.Action[Plan it].Output.X}!', 'Octopus.Action.Template.Id': 'ActionTemplates-1', 'Octopus.Action.Template.Version': '3' } }),
    ] });
    expect(outcome).toEqual({ state: 'Success', errorMessage: '', hasWarnings: false });
    expect(root.children.map(({ name, last }) => [name, last])).toEqual([['Step 1: Plan it', 'Success'], ['Step 2: Use it', 'Success']]);
    // Octostache ignores case, Calamari's Bash lookup does not. The second reading expands what the output holds: foreign text must be escaped by whoever writes it.
    expect(plain(root.find('Step 2: Use it', 'web-01').lines)).toEqual(['a hello world!', 'a hello world', 'world #{Nope}', 'lower case: []']);
    expect(root.last).toBe('Success');
  });

  it('knows who and where it is', async () => {
    const { run, root } = engineRun([machine('web-01', ['web', 'db'])]);
    await runRunbook(run, { Steps: [step('S', 'for n in Octopus.Task.Id Octopus.Space.Id Octopus.Machine.Name Octopus.Machine.Roles Octopus.Step.Name Octopus.Action.Number Octopus.Action.TargetRoles; do echo "$(get_octopusvariable $n)"; done')] });
    expect(plain(root.find('Step 1: S', 'web-01').lines)).toEqual(['ServerTasks-1', 'Spaces-1', 'web-01', 'web,db', 'S', '1', 'web']);
  });

  it('after a failure: Success is skipped, Failure and Always run, Variable is evaluated, and the run fails', async () => {
    const { run, root } = engineRun([machine('web-01')]);
    const expression = { 'Octopus.Step.ConditionVariableExpression': '#{if Octopus.Deployment.Error}True#{/if}' };
    const outcome = await runRunbook(run, { Steps: [
      step('Not yet', 'true', { condition: 'Failure' }), step('Neither', 'true', { condition: 'Variable', stepProperties: expression }),
      step('Break', 'fail_step "it broke"'), step('Next', 'true'), step('Mend', 'true', { condition: 'Failure' }),
      step('Look', 'echo "$(get_octopusvariable Octopus.Deployment.Error)|$(get_octopusvariable "Octopus.Step[Break].Status.Code")"', { condition: 'Variable', stepProperties: expression }),
      step('Report', 'echo "#{Octopus.Step[Next].Status.Code}"', { condition: 'Always' }),
      step('False', 'true', { condition: 'Variable', stepProperties: { 'Octopus.Step.ConditionVariableExpression': '#{Octopus.Action[Nobody].Output.Continue}' } }),
    ] });
    expect(outcome).toEqual({ state: 'Failed', errorMessage: 'The runbook run failed because one or more steps failed. Please see the task log for details.', hasWarnings: false });
    expect(root.children.map(({ last }) => last)).toEqual(['Skipped', 'Skipped', 'Failed', 'Skipped', 'Success', 'Success', 'Success', 'Skipped']);
    expect(plain(root.find('Step 6: Look', 'web-01').lines)).toEqual(["Activity Break on web-01 failed with error 'it broke'.|Failed"]);
    expect(plain(root.find('Step 7: Report', 'web-01').lines)).toEqual(['Skipped']);
    expect(root.find('Step 8: False').lines[0]).toContain('evaluated to "#{Octopus.Action[Nobody].Output.Continue}"');
  });

  it('waits for a person in a manual intervention; Proceed goes on with what was said, Abort fails the step', async () => {
    const manual = { ...step('Approve', 'true'), Properties: {}, Actions: [{ Name: 'Approve', ActionType: 'Octopus.Manual', Packages: [], Properties: { 'Octopus.Action.RunOnServer': 'true', 'Octopus.Action.Manual.Instructions': 'Replace #{What}?' } }] };
    const asked: string[] = [];
    const answered = async (result: 'Proceed' | 'Abort') => {
      const { run, root } = engineRun([machine('web-01')], { variables: [{ name: 'What', value: 'the certificate', sensitive: false }] });
      const intervene = async ({ instructions }: { instructions: string }) => {
        asked.push(instructions);
        return { result, notes: 'CAB-12', user: 'ada' };
      };
      const { state } = await runRunbook({ ...run, intervene }, { Steps: [manual, step('After', 'get_octopusvariable "Octopus.Action[Approve].Output.Manual.Notes"'), step('Report', 'true', { condition: 'Always' })] });
      return { state, root, steps: root.children.map(({ last }) => last) };
    };
    const approved = await answered('Proceed');
    expect([approved.state, approved.steps]).toEqual(['Success', ['Success', 'Success', 'Success']]);
    expect(plain(approved.root.find('Step 2: After', 'web-01').lines)).toEqual(['CAB-12']);
    const aborted = await answered('Abort');
    expect([aborted.state, aborted.steps]).toEqual(['Failed', ['Failed', 'Skipped', 'Success']]);
    expect(asked).toEqual(['Replace the certificate?', 'Replace the certificate?']);
  });

  it('a Bash exit code other than 0 fails the step by that code', async () => {
    const { run, root } = engineRun([machine('web-01')]);
    await runRunbook(run, { Steps: [step('Break', 'exit 7')] });
    expect(root.find('Step 1: Break', 'web-01').lines).toContain('Fatal: The remote script failed with exit code 7');
    expect(root.find('Step 1: Break').lines).toContain("Fatal: The step failed: Activity Break on web-01 failed with error 'The remote script failed with exit code 7'.");
  });

  it('goes to every machine in any of the roles, leaves out disabled ones by name, and skips a step nobody can do', async () => {
    const { run, root } = engineRun([machine('web-01'), machine('db-01', ['DB']), machine('web-02', ['web'], { isDisabled: true }), machine('other', ['other'])]);
    const outcome = await runRunbook(run, { Steps: [step('Both', 'true', { roles: 'web, db' }), step('Nobody', 'true', { roles: 'mail' })] });
    expect(outcome.state).toBe('Success');
    expect(root.find('Step 1: Both').children.map(({ name }) => name)).toEqual(['web-01', 'db-01']);
    expect(root.find('Step 1: Both').lines).toEqual(['Info: The machine web-02 is disabled and will not be included.']);
    expect(root.find('Step 2: Nobody')).toMatchObject({ last: 'Skipped', lines: ['Info: Skipping this step as no deployment targets were found in the role(s) "mail".'] });
  });

  it('a machine that cannot be reached fails its step, and the others go on', async () => {
    const dead = machine('web-02');
    dead.tentacle.off = true;
    const { run, root } = engineRun([machine('web-01'), dead]);
    expect((await runRunbookWith(run, { Steps: [step('S', 'true')] }, impatient)).state).toBe('Failed');
    expect(root.find('Step 1: S').children.map(({ last }) => last)).toEqual(['Success', 'Failed']);
    expect(root.find('Step 1: S', 'web-02').lines[0]).toContain('could not be reached: connect ECONNREFUSED');
  });

  it('masks sensitive variables, properties and outputs everywhere, also in later steps', async () => {
    const { run, root } = engineRun([machine('web-01')], { variables: [{ name: 'Key', value: 'API-SECRET-1', sensitive: true }] });
    const outcome = await runRunbook(run, { Steps: [
      step('A', 'echo "$(get_octopusvariable Key) $(get_octopusvariable Password)"; set_octopusvariable Token "made-up-token" -sensitive', { properties: { Password: { value: 'pa55word', sensitive: true } } }),
      step('B', 'echo "token $(get_octopusvariable "Octopus.Action[A].Output.Token")"; fail_step "no pa55word API-SECRET-1"'),
    ] });
    const text = JSON.stringify([root.all(), outcome]);
    for (const secret of ['API-SECRET-1', 'pa55word', 'made-up-token']) expect(text).not.toContain(secret);
    expect(plain(root.find('Step 2: B', 'web-01').lines)).toEqual(['token ********']);
  });

  it('stages packages, runs what is in them, collects artifacts, and deletes the folder', async () => {
    const web = machine('web-01');
    const zip = zipSync({ 'phase.js': new TextEncoder().encode('console.log("phase", process.argv[2])') });
    const { run, root, artifacts } = engineRun([web], { packages: [{ actionName: 'S', referenceName: 'Rotate.Package', packageId: 'Octopus.Rotation', version: '1.2.3', open: async () => zip }] });
    const outcome = await runRunbook(run, { Steps: [step('S', 'p="Octopus.Action.Package[Rotate.Package]"\nnode "$(get_octopusvariable "$p.ExtractedPath")/phase.js" "$(get_octopusvariable "$p.PackageId").$(get_octopusvariable "$p.PackageVersion")"\nprintf report > r.html; new_octopusartifact r.html "Report.html"', {
      packages: [{ Id: 'x', Name: 'Rotate.Package', PackageId: null, FeedId: null, AcquisitionLocation: 'Server', Properties: { Extract: 'True', SelectionMode: 'deferred', PackageParameterName: 'Rotate.Package' } }],
      properties: { 'Rotate.Package': '{"PackageId":"Octopus.Rotation","FeedId":"feeds-builtin"}' },
    })] });
    expect(outcome.state).toBe('Success');
    expect(plain(root.find('Step 1: S', 'web-01').lines)).toEqual(['phase Octopus.Rotation.1.2.3', 'Collecting r.html as an artifact...']);
    expect([...artifacts]).toEqual([['Report.html', 'report']]);
    expect(web.tentacle.remains(0)).toBe(false);
  });

  it('an artifact that is gone fails the step', async () => {
    const { run, root } = engineRun([machine('web-01')]);
    expect((await runRunbook(run, { Steps: [step('S', 'echo x > a; new_octopusartifact a; rm a')] })).state).toBe('Failed');
    expect(root.find('Step 1: S', 'web-01').lines.at(-1)).toMatch(/^Fatal: The artifact "a" could not be collected/);
  });

  it('warnings make the run succeed with warnings, and progress is passed on', async () => {
    const { run, root } = engineRun([machine('web-01')]);
    expect(await runRunbook(run, { Steps: [step('S', 'write_warning careful; update_progress 40 "nearly"')] })).toMatchObject({ state: 'Success', hasWarnings: true });
    expect(root.find('Step 1: S', 'web-01')).toMatchObject({ last: 'SuccessWithWarning', steps: ['40 nearly'] });
  });

  it('a service message it does not know fails the step by name', async () => {
    const { run, root } = engineRun([machine('web-01')]);
    expect((await runRunbook(run, { Steps: [step('S', "echo \"##octopus[delete-target machine='eA==']\"")] })).state).toBe('Failed');
    expect(root.find('Step 1: S').lines.join()).toContain('does not know the service message delete-target');
  });

  it('cancelling kills the script and leaves the rest undone', async () => {
    const web = machine('web-01');
    const controller = new AbortController();
    const { run, root } = engineRun([web], { cancelled: controller.signal });
    const running = runRunbook(run, { Steps: [step('Long', 'echo started; sleep 60'), step('Always', 'true', { condition: 'Always' })] });
    await until(() => root.all().includes('Info: started'));
    controller.abort();
    expect((await running).state).toBe('Canceled');
    expect(root.children.map(({ last }) => last)).toEqual(['Canceled']);
    expect(web.tentacle.remains(0)).toBe(false);
  });

  it('survives a connection that breaks, without starting the script twice', async () => {
    const web = machine('web-01');
    const { run, root } = engineRun([web]);
    const running = runRunbook(run, { Steps: [step('S', 'echo one; sleep 0.5; echo two')] });
    await until(() => root.all().includes('Info: one'));
    web.tentacle.broken = { connect: 2, getStatus: 1 };
    expect((await running).state).toBe('Success');
    expect(web.tentacle.started).toHaveLength(1);
    expect(plain(root.find('Step 1: S', 'web-01').lines)).toEqual(['one', 'two']);
  });

  it('a Tentacle restarted in the middle makes the result unknown, and unknown is failed', async () => {
    const web = machine('web-01');
    const { run, root } = engineRun([web]);
    const running = runRunbook(run, { Steps: [step('S', 'echo one; sleep 30')] });
    await until(() => root.all().includes('Info: one'));
    web.tentacle.restart();
    expect((await running).state).toBe('Failed');
    expect(root.find('Step 1: S', 'web-01').lines.at(-1)).toMatch(/its result is unknown/);
  });

  it('a machine that goes away for good fails the step with -46 after bounded tries', async () => {
    const web = machine('web-01');
    const { run, root } = engineRun([web]);
    const running = runRunbookWith(run, { Steps: [step('S', 'echo one; sleep 30')] }, impatient);
    await until(() => root.all().includes('Info: one'));
    web.tentacle.off = true;
    web.tentacle.broken.getStatus = 1_000;
    expect((await running).state).toBe('Failed');
    expect(root.find('Step 1: S', 'web-01').lines.at(-1)).toMatch(/unknown \(-46\)/);
  });

  it('one script at a time on a Tentacle: the second waits and says for whom', async () => {
    const web = machine('web-01');
    const first = engineRun([web], { taskId: 'ServerTasks-1' });
    const second = engineRun([web], { taskId: 'ServerTasks-2' });
    const running = runRunbook(first.run, { Steps: [step('S', 'echo one; sleep 0.6')] });
    await until(() => first.root.all().includes('Info: one'));
    await Promise.all([running, runRunbook(second.run, { Steps: [step('S', 'true')] })]);
    expect(second.root.find('Step 1: S', 'web-01').lines.filter((line) => line.startsWith('Wait:'))).toEqual(['Wait: Waiting for the script in task ServerTasks-1 to finish as that script requires that no other Octopus scripts are executing on this target at the same time.']);
  });

  it('a value that names itself, or an Octostache construct it does not know, fails the step', async () => {
    const { run, root } = engineRun([machine('web-01')]);
    expect((await runRunbook(run, { Steps: [step('S', 'echo started', { properties: { P: '#{P}' } })] })).state).toBe('Failed');
    expect(root.all().join('\n')).toMatch(/self referencing loop/);
    const other = engineRun([machine('web-01')]);
    expect((await runRunbook(other.run, { Steps: [step('S', 'true', { condition: 'Variable', stepProperties: { 'Octopus.Step.ConditionVariableExpression': '#{A | ToUpper}' } })] })).state).toBe('Failed');
    expect(other.root.all().join('\n')).toMatch(/Octostache construct/);
  });

  it.each<[string, EngineStep, RegExp]>([
    ['action type', step('S', 'true', { action: { ActionType: 'Octopus.Email' } }), /unknown action type Octopus\.Email/],
    ['action property', step('S', 'true', { properties: { 'Octopus.Action.EnabledFeatures': 'x' } }), /unknown property Octopus\.Action\.EnabledFeatures/],
    ['action field', step('S', 'true', { action: { Bogus: 1 } }), /unknown field Bogus/],
    ['step property', step('S', 'true', { stepProperties: { 'Octopus.Step.Bogus': '1' } }), /unknown property Octopus\.Step\.Bogus/],
    ['step field', step('S', 'true', { step: { Extra: 1 } as Partial<EngineStep> }), /unknown field Extra/],
    ['start trigger', step('S', 'true', { step: { StartTrigger: 'StartWithPrevious' as 'StartAfterPrevious' } }), /start trigger StartWithPrevious/],
    ['condition', step('S', 'true', { condition: 'Sometimes' as 'Always' }), /unknown condition Sometimes/],
    ['missing expression', step('S', 'true', { condition: 'Variable' }), /ConditionVariableExpression/],
    ['syntax', step('S', 'true', { properties: { 'Octopus.Action.Script.Syntax': 'PowerShell' } }), /Script\.Syntax is "PowerShell"/],
    ['worker pool', step('S', 'true', { action: { WorkerPoolId: 'WorkerPools-1' } }), /WorkerPoolId is not supported/],
    ['container', step('S', 'true', { action: { Container: { FeedId: 'f', Image: 'i' } } }), /containers are not supported/],
    ['no role', step('S', 'true', { roles: '' }), /no target role/],
    ['missing package', step('S', 'true', { packages: [{ Name: 'P', PackageId: null, FeedId: null, AcquisitionLocation: 'Server', Properties: {} }] }), /no package was selected for the reference "P"/],
    ['empty body', step('S', ''), /ScriptBody is empty/],
  ])('refuses before the first step, by name: %s', async (_, bad, message) => {
    const web = machine('web-01');
    const { run, root } = engineRun([web]);
    const outcome = await runRunbook(run, { Steps: [step('Fine', 'true'), bad] });
    expect(outcome.state).toBe('Failed');
    expect(outcome.errorMessage).toMatch(message);
    expect(root.children).toEqual([]);
    expect(web.tentacle.started).toEqual([]);
  });
});

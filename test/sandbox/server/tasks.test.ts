import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ServerHarness, type Answer, type Json } from './harness.ts';

let server: ServerHarness;
beforeAll(async () => {
  server = await ServerHarness.create();
  await server.start();
});
afterAll(() => server.dispose());
afterEach(async () => {
  server.faults({});
  await server.call('PUT', '/api/octopusservernodes/OctopusServerNodes-NODE1', { MaxConcurrentTasks: 5, IsInMaintenanceMode: false });
});

const health = (more: object = {}, options: object = { MachineIds: ['Machines-1'], OnlyTestConnection: true }) => server.call('POST', '/api/tasks', { Name: 'Health', Description: 'Check', SpaceId: 'Spaces-1', Arguments: options, ...more });
const script = (options: object) => server.call('POST', '/api/tasks', { Name: 'AdHocScript', Description: 'Script run from management console', SpaceId: 'Spaces-1', Arguments: { Syntax: 'Bash', ScriptBody: 'echo hello', ...options } });
const completed = (task: Answer) => server.until(`/api/tasks/${task.body.Id}`, (answer) => answer.body.IsCompleted);
const later = () => new Date(Date.now() + 3_600_000).toISOString();

describe('creating tasks', () => {
  it('refuses what a real server refuses, by name', async () => {
    expect((await script({ MachineIds: 'Machines-1' })).body.Errors[0]).toBe('MachineIds must be an array of strings.');
    expect((await script({ MachineIds: ['Machines-99'] })).body.Errors[0]).toContain('Machines-99');
    expect((await script({ MachineIds: [] })).status).toBe(400);
    expect((await script({ MachineIds: ['Machines-1'], Syntax: 'Python' })).body.Errors[0]).toContain('sandbox:');
    expect((await health({ Name: 'Unheard' })).body.Errors[0]).toBe("The task type 'Unheard' is not known.");
    expect((await health({ Description: '' })).status).toBe(400);
    expect((await health({ SpaceId: 'Spaces-9' })).status).toBe(404);
    expect((await health({}, { MachineIds: ['Machines-1'], Colour: 'red' })).body.Errors[0]).toContain('argument Colour');
  });

  it('refuses the trust tasks of 2017 unless a switch allows them', async () => {
    const add = () => server.call('POST', '/api/tasks', { Name: 'TentacleAddTrust', Description: 'Trust', SpaceId: 'Spaces-1', Arguments: { MachineIds: ['Machines-1'], Thumbprint: 'A'.repeat(40) } });
    const types = async () => (await server.get('/api/tasks/tasktypes')).body.map((type: Json) => type.Name);
    expect((await add()).status).toBe(400);
    expect(await types()).not.toContain('TentacleAddTrust');
    server.faults({ documentTasks: true });
    expect(await types()).toContain('TentacleAddTrust');
    const task = await add();
    expect(task.status).toBe(201);
    expect((await completed(task)).body.State).toBe('Failed');
  });
});

describe('running tasks', () => {
  it('fails the part of a machine that shows another certificate than the registered one, and the task with it', async () => {
    const [machine] = (await server.get('/api/Spaces-1/machines?name=web-01')).body.Items;
    const at = async (Uri: string) => {
      const { body } = await server.get(machine.Links.Self);
      return server.call('PUT', machine.Links.Self, { ...body, MachineId: machine.Id, Endpoint: { ...machine.Endpoint, Uri } });
    };
    await at(`https://127.0.0.1:${server.server.commsPort}/`);
    const task = await script({ MachineIds: ['Machines-2'] });
    expect(task).toMatchObject({ status: 201, body: { State: 'Queued', IsCompleted: false, Completed: 'Queued...', SpaceId: 'Spaces-1' } });
    const ended = (await completed(task)).body;
    expect(ended).toMatchObject({ State: 'Failed', FinishedSuccessfully: false, HasWarningsOrErrors: true, ServerNode: 'NODE1', HasBeenPickedUpByProcessor: true });
    const details = (await server.get(ended.Links.Details.replace('{?verbose,tail}', '?verbose=true'))).body;
    const [root] = details.ActivityLogs;
    expect(root).toMatchObject({ Id: `${ended.Id}_AAA`, Name: 'Script run from management console', Status: 'Failed' });
    const [part] = root.Children;
    expect(part.Name.endsWith('web-01')).toBe(true);
    expect(part.Status).toBe('Failed');
    await at(machine.Uri);
    expect((await server.get(ended.Links.Raw)).text).toContain(part.Name);
    expect(server.truth().filter(({ task: id }) => id === ended.Id).map(({ event }) => event)).toEqual(['task-created', 'task-started', 'task-completed']);
  });

  it('reaches workers by WorkerIds, by TargetType Workers and by their pool', async () => {
    const forms = [{ WorkerIds: ['Workers-1'] }, { TargetType: 'Workers', MachineIds: ['Workers-1'] }, { WorkerPoolIds: ['WorkerPools-1'], TargetType: 'WorkerPools' }];
    await Promise.all(forms.map(async (options) => {
      const task = await script(options);
      const { body } = await server.until(`/api/tasks/${task.body.Id}/details`, (answer) => answer.body.ActivityLogs[0]?.Children.length > 0);
      expect(body.ActivityLogs[0].Children.map((part: Json) => part.Name), JSON.stringify(options)).toEqual([expect.stringMatching(/worker-01$/)]);
      await server.call('POST', `/api/tasks/${task.body.Id}/cancel`, {});
      expect((await completed(task)).body.State).toBe('Canceled');
    }));
  });

  it('skips a disabled machine and a machine without a Tentacle, with a line that names each', async () => {
    const ended = await completed(await health({}, { RestrictedTo: 'DeploymentTargets', OnlyTestConnection: true }));
    const { ActivityLogs } = (await server.get(`/api/tasks/${ended.body.Id}/details`)).body;
    const texts = ActivityLogs[0].LogElements.map((line: Json) => line.MessageText).join('\n');
    expect(texts).toContain('legacy-01 is disabled');
    expect(texts).toContain('ssh-gateway');
    expect(ActivityLogs[0].Children.map((part: Json) => part.Name).join()).not.toContain('legacy-01');
    const connection = async (name: string) => (await server.get((await server.get(`/api/Spaces-1/machines?name=${name}`)).body.Items[0].Links.Connection)).body;
    // Nobody listens there: refused.
    expect(await connection('web-01')).toMatchObject({ Status: 'Unavailable', LastChecked: expect.any(String) });
    expect((await connection('legacy-01')).LastChecked).toBeNull();
  });
});

describe('the queue', () => {
  it('starts nothing while the node is drained or its cap is 0, and goes on afterwards', async () => {
    await server.call('PUT', '/api/octopusservernodes/OctopusServerNodes-NODE1', { MaxConcurrentTasks: 5, IsInMaintenanceMode: true });
    const task = await health();
    const other = await health();
    await server.until('/api/octopusservernodes/OctopusServerNodes-NODE1', () => true);
    await new Promise((done) => setTimeout(done, 450));
    expect((await server.get(`/api/tasks/${task.body.Id}`)).body.State).toBe('Queued');
    expect((await server.get(`/api/tasks/${other.body.Id}/queued-behind`)).body.Items.map((ahead: Json) => ahead.Id)).toContain(task.body.Id);
    await server.call('PUT', '/api/octopusservernodes/OctopusServerNodes-NODE1', { MaxConcurrentTasks: 5, IsInMaintenanceMode: false });
    expect((await completed(task)).body.IsCompleted).toBe(true);
    await completed(other);
  });

  it('leaves a cancelled task Cancelling for as long as the switch says', async () => {
    server.faults({ slowCancelling: 1 });
    const task = await script({ MachineIds: ['Machines-2'] });
    await server.until(`/api/tasks/${task.body.Id}`, (answer) => answer.body.State === 'Executing');
    expect((await server.call('POST', `/api/tasks/${task.body.Id}/cancel`, {})).body).toMatchObject({ State: 'Cancelling', IsCompleted: false });
    expect((await server.call('POST', `/api/tasks/${task.body.Id}/state`, { Id: task.body.Id, State: 'Failed', Reason: 'stuck' })).status).toBe(400);
    const before = Date.now();
    expect((await completed(task)).body.State).toBe('Canceled');
    expect(Date.now() - before).toBeGreaterThan(700);
  });

  it("stops a space's queue alone", async () => {
    const space = (await server.get('/api/spaces/Spaces-2')).body;
    await server.call('PUT', '/api/spaces/Spaces-2', { ...space, TaskQueueStopped: true });
    const stopped = await server.call('POST', '/api/Spaces-2/tasks', { Name: 'Health', Description: 'Check', Arguments: { MachineIds: ['Machines-3'] } });
    await completed(await health());
    expect((await server.get(`/api/tasks/${stopped.body.Id}`)).body.State).toBe('Queued');
    await server.call('PUT', '/api/spaces/Spaces-2', { ...space, TaskQueueStopped: false });
    await completed(stopped);
  });

  it('times out what was not started before its expiry', async () => {
    await server.call('PUT', '/api/octopusservernodes/OctopusServerNodes-NODE1', { MaxConcurrentTasks: 5, IsInMaintenanceMode: true });
    const task = await health({ QueueTimeExpiry: new Date(Date.now() + 50).toISOString() });
    expect((await completed(task)).body.State).toBe('TimedOut');
  });

  it('cancels a queued task at once, and sets states only between final ones with a reason', async () => {
    const task = await health({ QueueTime: later() });
    const path = `/api/tasks/${task.body.Id}`;
    expect((await server.call('POST', `${path}/state`, { Id: task.body.Id, State: 'Success', Reason: 'x' })).status).toBe(400);
    expect((await server.call('POST', `${path}/cancel`)).body.State).toBe('Canceled');
    expect((await server.call('POST', `${path}/state`, { Id: task.body.Id, State: 'Success' })).status).toBe(400);
    expect((await server.call('POST', `${path}/state`, { Id: task.body.Id, State: 'Success', Reason: 'checked by hand' })).body.State).toBe('Success');
    expect((await server.call('POST', '/api/tasks/ServerTasks-9999/cancel', {})).body.ErrorMessage).toBe("The resource 'ServerTasks-9999' was not found.");
  });

  it('lists newest first, by state, name and ids, and an empty ids filters nothing', async () => {
    const [first, second] = [await health({ QueueTime: later() }), await health({ QueueTime: later() })];
    const list = (await server.get('/api/tasks?states=Queued')).body;
    expect(list.Items.map((task: Json) => task.Id)).toEqual([second.body.Id, first.body.Id]);
    expect((await server.get('/api/tasks?active=true&name=Health')).body.TotalResults).toBe(2);
    expect((await server.get(`/api/tasks?ids=${first.body.Id}`)).body.Items).toHaveLength(1);
    expect((await server.get('/api/tasks?ids=')).body.TotalResults).toBeGreaterThan(2);
    expect((await server.get('/api/Spaces-2/tasks?states=Queued')).body.TotalResults).toBe(0);
    expect(list.TotalCounts).toMatchObject({ Queued: 2 });
    for (const task of [first, second]) await server.call('POST', `/api/tasks/${task.body.Id}/cancel`, {});
  });
});

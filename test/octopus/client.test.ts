import { describe, expect, it } from 'vitest';
import { isAtLeast } from '../../src/octopus/server.ts';
import { duration } from '../../src/octopus/tasks.ts';
import { clientOf, failureOf, fastClock, serve, type Answer } from './server.ts';

const THUMBPRINT = 'A'.repeat(40);
const page = (items: unknown[], total = items.length): Answer => ({ json: { TotalResults: total, Items: items } });
const task = (change: Record<string, unknown> = {}) => ({ Id: 'ServerTasks-42', SpaceId: 'Spaces-1', Name: 'Health', Description: 'x', State: 'Executing', IsCompleted: false, ErrorMessage: '', ...change });

describe('what Octopus is made of', () => {
  it('reads every machine and worker in pages of a thousand', async () => {
    const machine = (index: number) => ({ Id: `Machines-${index}`, SpaceId: 'Spaces-1', Name: `web-${index}`, IsDisabled: false, HealthStatus: 'Healthy', Endpoint: { CommunicationStyle: 'TentaclePassive', Uri: `https://web-${index}:10933/`, Thumbprint: THUMBPRINT.toLowerCase() } });
    const machines = Array.from({ length: 2_301 }, (_, index) => machine(index));
    const server = await serve(({ path, query }) => {
      if (path.endsWith('/workers')) return page([]);
      const skip = Number(query.get('skip'));
      return page(machines.slice(skip, skip + Number(query.get('take'))), machines.length);
    });
    const found = await clientOf(server.url).registrations('Spaces-1');
    expect(found).toHaveLength(2_301);
    expect(found[0]).toMatchObject({ kind: 'target', uri: 'https://web-0:10933/', thumbprint: THUMBPRINT, style: 'TentaclePassive', proxyId: null, shell: null });
    expect(server.seen.filter((each) => each.path.endsWith('/machines'))).toHaveLength(3);
  });

  it('reads the Kubernetes agent one level deeper, and keeps a thumbprint that is none as text', async () => {
    const worker = { Id: 'Workers-1', Name: 'agent', IsDisabled: true, HealthStatus: null, WorkerPoolIds: ['WorkerPools-1'], Endpoint: { CommunicationStyle: 'KubernetesTentacle', TentacleEndpointConfiguration: { CommunicationMode: 'Polling', Thumbprint: 'not one', Uri: 'poll://x/' }, KubernetesAgentDetails: { TentacleVersion: '8.3.2' } } };
    const server = await serve(({ path }) => page(path.endsWith('/workers') ? [worker] : []));
    expect(await clientOf(server.url).registrations('Spaces-1')).toEqual([expect.objectContaining({ kind: 'worker', spaceId: 'Spaces-1', healthStatus: 'Unknown', uri: 'poll://x/', thumbprint: null, thumbprintText: 'not one', tentacleVersion: '8.3.2', workerPoolIds: ['WorkerPools-1'] })]);
  });

  it('drains a node, sending back the other field, and writes nothing when it is drained already', async () => {
    let node = { Id: 'OctopusServerNodes-A', Name: 'A', MaxConcurrentTasks: 7, IsInMaintenanceMode: false };
    const server = await serve(({ method, body }) => {
      if (method === 'PUT') node = JSON.parse(body) as typeof node;
      return { json: node };
    });
    await clientOf(server.url).drain('OctopusServerNodes-A', true);
    expect(node).toMatchObject({ MaxConcurrentTasks: 7, IsInMaintenanceMode: true });
    await clientOf(server.url).drain('OctopusServerNodes-A', true);
    expect(server.seen.filter((each) => each.method === 'PUT')).toHaveLength(1);
  });

  it('asks for the running tasks of a node where the summary does not tell them', async () => {
    const node = { Id: 'OctopusServerNodes-A', Name: 'A', LastSeen: 'x', IsOffline: false, IsInMaintenanceMode: false, MaxConcurrentTasks: 5, Version: '2026.2.1' };
    const server = await serve(({ path }) => ({ json: path.endsWith('/details') ? { RunningTasks: 3 } : { Nodes: [node] } }));
    expect((await clientOf(server.url).nodes())[0]?.runningTasks).toBe(3);
  });

  it('A10: reads permissions with their restrictions, at system level too', async () => {
    const server = await serve(({ path }) => (path.endsWith('/me') ? { json: { Id: 'Users-1', Username: 'rotation' } }
      : { json: { SystemPermissions: ['AdministerSystem'], SpacePermissions: { MachineEdit: [{ SpaceId: 'Spaces-1', RestrictedToEnvironmentIds: [] }, { SpaceId: 'Spaces-2', RestrictedToEnvironmentIds: ['Environments-1'] }] } } }));
    expect(await clientOf(server.url).permissions()).toEqual({ username: 'rotation', system: ['AdministerSystem'], inSpace: { MachineEdit: [{ spaceId: 'Spaces-1', restricted: false }, { spaceId: 'Spaces-2', restricted: true }] } });
    expect(server.seen[1]?.query.get('includeSystem')).toBe('true');
  });
});

describe('the certificate that a registration expects', () => {
  const NEW = 'B'.repeat(40) as never;
  const body = () => ({ Id: 'Machines-1', SpaceId: 'Spaces-1', Name: 'web-1', IsDisabled: false, HealthStatus: 'Healthy', Roles: ['web'], Secret: { a: 1 }, Thumbprint: THUMBPRINT, Endpoint: { CommunicationStyle: 'TentaclePassive', Uri: 'https://web-1:10933/', Thumbprint: THUMBPRINT, CertificateSignatureAlgorithm: 'sha1RSA', Other: [2] } });
  const named = { id: 'Machines-1', kind: 'target', spaceId: 'Spaces-1' } as const;

  it('B3: is changed with everything else sent back as it was, and not written twice', async () => {
    let stored: ReturnType<typeof body> = body();
    const server = await serve((request) => {
      if (request.method === 'PUT') stored = JSON.parse(request.body) as typeof stored;
      return { json: stored };
    });
    const client = clientOf(server.url);
    expect(await client.setThumbprint(named, NEW, [THUMBPRINT as never])).toBe(true);
    expect(await client.setThumbprint(named, NEW, [THUMBPRINT as never])).toBe(false);
    const expected = body();
    expect(stored).toEqual({ ...expected, MachineId: 'Machines-1', Thumbprint: NEW, Endpoint: { ...expected.Endpoint, Thumbprint: NEW } });
    expect(await client.registration(named)).toMatchObject({ thumbprint: NEW, signatureAlgorithm: 'sha1RSA' });
  });

  it('B3: is read anew when it became stale, and kept when it is none that is known', async () => {
    let puts = 0;
    const stored = body();
    const server = await serve((request) => {
      if (request.method !== 'PUT') return { json: stored };
      puts += 1;
      return puts === 1 ? { status: 400, json: { ErrorMessage: 'stale' } } : { json: JSON.parse(request.body) as object };
    });
    expect(await clientOf(server.url).setThumbprint(named, NEW, [THUMBPRINT as never])).toBe(true);
    expect(puts).toBe(2);
    expect(await failureOf(clientOf(server.url).setThumbprint(named, NEW, ['C'.repeat(40) as never]))).toMatchObject({ code: 'REGISTRATION_FOREIGN' });
    expect(puts).toBe(2);
  });

  it('names the permission that is missing, at once', async () => {
    const server = await serve((request) => (request.method === 'PUT' ? { status: 403, json: { ErrorMessage: 'You do not have permission MachineEdit.' } } : { json: body() }));
    expect(await failureOf(clientOf(server.url).setThumbprint(named, NEW, [THUMBPRINT as never]))).toMatchObject({ code: 'OCTOPUS_FORBIDDEN' });
    expect(server.seen.filter((each) => each.method === 'PUT')).toHaveLength(1);
  });
});

describe('tasks', () => {
  it('addresses targets and workers, and writes time-outs as Octopus reads them', async () => {
    const server = await serve(() => ({ status: 201, json: task() }));
    const client = clientOf(server.url);
    await client.runScript({ description: 'd', syntax: 'Bash', body: 'echo', spaceId: 'Spaces-1', targets: { kind: 'worker', ids: ['Workers-1'] } });
    await client.checkHealth({ description: 'd', spaceId: 'Spaces-1', machineIds: ['Machines-1'], onlyTestConnection: false, timeoutMs: 300_500 });
    expect(server.seen.map((each) => (JSON.parse(each.body) as { Arguments: unknown }).Arguments)).toEqual([
      { MachineIds: ['Workers-1'], TargetType: 'Workers', Syntax: 'Bash', ScriptBody: 'echo' },
      { Timeout: '00:05:01', MachineTimeout: '00:05:01', OnlyTestConnection: false, MachineIds: ['Machines-1'] },
    ]);
    expect([duration(1), duration(3_600_000), duration(1e12)]).toEqual(['00:00:01', '01:00:00', '23:59:59']);
  });

  it('D12: waits through a restart of the server', async () => {
    const first = await serve(() => ({ json: task() }));
    const { port } = first;
    const waiting = clientOf(first.url).waitForTask('ServerTasks-42', { timeoutMs: 600_000, onProgress: () => void first.close() });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await serve((_, number) => (number < 8 ? { status: 503, text: 'starting' } : { json: task({ State: 'Success', IsCompleted: true }) }), port);
    expect(await waiting).toMatchObject({ timedOut: false, task: { state: 'Success' } });
  });

  it('answers with the unfinished task when the time is over, which is no error', async () => {
    const clock = fastClock();
    const server = await serve(() => ({ json: task() }));
    const seen: string[] = [];
    const result = await clientOf(server.url, clock).waitForTask('ServerTasks-42', { timeoutMs: 200_000, onProgress: ({ state }) => seen.push(state) });
    expect(result).toMatchObject({ timedOut: true, task: { state: 'Executing', isCompleted: false } });
    expect(seen.length).toBeGreaterThan(1);
    // A short task is seen at once; a long one is asked for ever more seldom, at most every five seconds; the last pause ends with the deadline.
    // The first pause grows with how long the first answer took, which on a busy machine is long on a clock that runs fast.
    expect(clock.slept[0]).toBeGreaterThanOrEqual(200);
    expect(clock.slept[0]).toBeLessThan(5_000);
    const pauses = clock.slept.slice(0, -1);
    expect(pauses).toEqual([...pauses].sort((one, other) => one - other));
    expect(Math.max(...clock.slept)).toBe(5_000);
  });

  it('asks as often as a caller needs who waits for nothing else', async () => {
    const clock = fastClock();
    const server = await serve(() => ({ json: task() }));
    await clientOf(server.url, clock).waitForTask('ServerTasks-42', { timeoutMs: 200_000, longestPauseMs: 1_000 });
    expect(Math.max(...clock.slept)).toBe(1_000);
  });

  it('is an error when the task was never seen, or is not there', async () => {
    const down = await serve(() => ({}));
    await down.close();
    expect((await failureOf(clientOf(down.url).waitForTask('ServerTasks-42', { timeoutMs: 3_000 }))).code).toBe('OCTOPUS_TASK_UNKNOWN');
    const other = await serve(() => ({ status: 404, json: { ErrorMessage: "The resource 'ServerTasks-42' was not found." } }));
    expect((await failureOf(clientOf(other.url).waitForTask('ServerTasks-42', { timeoutMs: 3_000 }))).code).toBe('OCTOPUS_NOT_FOUND');
  });

  it('refuses a state that it does not know', async () => {
    const server = await serve(() => ({ json: task({ State: 'Interrupted' }) }));
    expect((await failureOf(clientOf(server.url).task('ServerTasks-42'))).code).toBe('OCTOPUS_UNEXPECTED');
  });

  it('reads the activity log with its children', async () => {
    const leaf = { Id: 'b', Name: 'Run script on: web-01', Status: 'Success', ProgressPercentage: 100, ProgressMessage: '', Children: [], LogElements: [{ Category: 'Info', OccurredAt: 't', MessageText: 'hello' }] };
    const server = await serve(() => ({ json: { ActivityLogs: [{ ...leaf, Name: 'root', LogElements: [], Children: [leaf] }] } }));
    expect((await clientOf(server.url).activity('ServerTasks-42'))[0]?.children[0]).toEqual({ name: 'Run script on: web-01', status: 'Success', progressPercentage: 100, progressMessage: '', log: [{ category: 'Info', at: 't', text: 'hello' }], children: [] });
    expect(server.seen[0]?.query.get('verbose')).toBe('true');
  });
});

describe('a library set', () => {
  /** Octopus' side of one set: a PUT with another version is refused. */
  function librarySets() {
    const state = { version: 3, variables: [{ Id: 'v1', Name: 'Rotation.Lease', Value: 'old', IsSensitive: false }] as unknown[], puts: 0, loseAnswer: false };
    const server = serve(({ method, path, body }) => {
      if (path.endsWith('/libraryvariablesets')) return page([{ Id: 'LibraryVariableSets-1', Name: 'Lease (old)', VariableSetId: 'no' }, { Id: 'LibraryVariableSets-2', Name: 'Lease', VariableSetId: 'variableset-2' }]);
      if (method === 'PUT') {
        const sent = JSON.parse(body) as { Version: number; Variables: unknown[] };
        state.puts += 1;
        if (sent.Version !== state.version) return { status: 400, json: { ErrorMessage: 'Whatever it says.' } };
        state.version += 1;
        state.variables = sent.Variables;
        if (state.loseAnswer) return { reset: true };
      }
      return { json: { Id: 'variableset-2', OwnerId: 'LibraryVariableSets-2', Version: state.version, Variables: state.variables } };
    });
    return { state, server };
  }

  it('D4: is written only over the version that was read', async () => {
    const { state, server } = librarySets();
    const client = clientOf((await server).url);
    const set = (await client.librarySet('Spaces-1', 'Lease'))!;
    expect(set).toMatchObject({ variableSetId: 'variableset-2', version: 3, variables: { 'Rotation.Lease': 'old' } });
    const mine = await client.writeLibrarySet('Spaces-1', set, { 'Rotation.Lease': 'mine' });
    expect(mine).toMatchObject({ version: 4, variables: { 'Rotation.Lease': 'mine' } });
    expect((await failureOf(client.writeLibrarySet('Spaces-1', set, { 'Rotation.Lease': 'theirs' }))).code).toBe('OCTOPUS_STALE');
    expect(state.puts).toBe(1);
  });

  it('D4: of two writers of the same version one wins and the other is told', async () => {
    const { server } = librarySets();
    const [a, b] = [clientOf((await server).url), clientOf((await server).url)];
    const set = (await a.librarySet('Spaces-1', 'Lease'))!;
    const results = await Promise.allSettled([a.writeLibrarySet('Spaces-1', set, { x: 'a' }), b.writeLibrarySet('Spaces-1', set, { x: 'b' })]);
    expect(results.map((each) => each.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((results.find((each) => each.status === 'rejected') as PromiseRejectedResult).reason).toMatchObject({ code: 'OCTOPUS_STALE' });
  });

  it('knows its own write again when the answer got lost', async () => {
    const { state, server } = librarySets();
    state.loseAnswer = true;
    const client = clientOf((await server).url);
    const set = (await client.librarySet('Spaces-1', 'Lease'))!;
    expect(await client.writeLibrarySet('Spaces-1', set, { x: 'mine' })).toMatchObject({ version: 4 });
    expect(state.puts).toBe(1);
  });

  it('is null when only another name is like it', async () => {
    const server = await serve(() => page([{ Id: 'LibraryVariableSets-1', Name: 'Lease (old)', VariableSetId: 'no' }]));
    expect(await clientOf(server.url).librarySet('Spaces-1', 'Lease')).toBeNull();
  });
});

describe('running a runbook', () => {
  const run = { spaceId: 'Spaces-1', projectName: 'P', runbookName: 'R', environmentName: 'E', snapshotName: 'S1', variables: { 'Rotation.Force': 'T-1' } };

  it('names everything where the server can do that', async () => {
    const server = await serve(({ path }) => ({ json: path === '/api' ? { Version: '2022.3.5512', InstallationId: 'x' } : { RunbookRunServerTasks: [{ RunbookRunId: 'RunbookRuns-1', ServerTaskId: 'ServerTasks-7' }] } }));
    expect(await clientOf(server.url).runRunbook(run)).toEqual({ taskId: 'ServerTasks-7' });
    expect(JSON.parse(server.seen[1]!.body)).toMatchObject({ projectName: 'P', runbookName: 'R', environmentNames: ['E'], snapshot: 'S1', variables: { 'Rotation.Force': 'T-1' } });
  });

  it('goes by ids on an older one, and keys the values by the form', async () => {
    const items: Record<string, string> = { projects: 'Projects-1', runbooks: 'Runbooks-1', environments: 'Environments-1', runbookSnapshots: 'RunbookSnapshots-1' };
    const names: Record<string, string> = { projects: 'P', runbooks: 'R', environments: 'E', runbookSnapshots: 'S1' };
    const server = await serve(({ method, path }) => {
      const last = path.split('/').at(-1)!;
      if (path === '/api') return { json: { Version: '2022.2.1', InstallationId: 'x' } };
      if (method === 'POST') return { status: 201, json: { Id: 'RunbookRuns-1', TaskId: 'ServerTasks-8' } };
      if (path.includes('/preview/')) return { json: { Form: { Elements: [{ Name: 'variable-id', Control: { Name: 'Rotation.Force' } }] } } };
      return page([{ Id: items[last], Name: names[last] }]);
    });
    expect(await clientOf(server.url).runRunbook(run)).toEqual({ taskId: 'ServerTasks-8' });
    expect(JSON.parse(server.seen.at(-1)!.body)).toMatchObject({ RunbookId: 'Runbooks-1', RunbookSnapshotId: 'RunbookSnapshots-1', EnvironmentId: 'Environments-1', FormValues: { 'variable-id': 'T-1' } });
  });

  it('compares versions by their numbers', () => {
    expect([isAtLeast('2022.3.10000', '2022.3.5512'), isAtLeast('2022.10.1', '2022.3.5512'), isAtLeast('2022.3.5511', '2022.3.5512'), isAtLeast('2026.2.0-beta', '2026.2.0'), isAtLeast('odd', '1.0')]).toEqual([true, true, false, true, false]);
  });
});

describe('an artifact', () => {
  it('is attached once, and gets new content the second time', async () => {
    const files: { Id: string; Filename: string; content: string }[] = [];
    const server = await serve(({ method, path, body }) => {
      if (method === 'GET') return page(files);
      if (method === 'POST') {
        files.push({ Id: 'Artifacts-1', Filename: (JSON.parse(body) as { Filename: string }).Filename, content: '' });
        return { status: 201, json: files[0] };
      }
      files.find((each) => path.includes(each.Id))!.content = body;
      return { status: 204 };
    });
    const client = clientOf(server.url);
    for (const content of ['first', 'second']) await client.attach({ spaceId: 'Spaces-1', taskId: 'ServerTasks-1', name: 'report.html', content: Buffer.from(content) });
    expect(files).toEqual([{ Id: 'Artifacts-1', Filename: 'report.html', content: 'second' }]);
  });
});

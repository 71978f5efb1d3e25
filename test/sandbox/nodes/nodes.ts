import { execFile } from 'node:child_process';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { startSandbox, until, type NodeLine, type TestSandbox } from '../../support/sandbox.ts';

export interface Answer<T> { status: number; body: T }
export interface Task { Id: string; State: string; ServerNode: string | null; ErrorMessage: string; IsCompleted: boolean }
export interface Registration { Id: string; Name: string; HealthStatus: string; Thumbprint: string; Endpoint: { Thumbprint: string; [other: string]: unknown }; [other: string]: unknown }
export interface NodeRow { Id: string; Name: string; IsInMaintenanceMode: boolean; MaxConcurrentTasks: number; IsOffline: boolean; LastSeen: string; Version: string; RunningTaskCount: number }

/** A sandbox with several nodes, and what tests do with it. */
export class Nodes {
  private constructor(readonly sandbox: TestSandbox) {}

  static async start(estate: string): Promise<Nodes> {
    return new Nodes(await startSandbox({ estate }));
  }

  node(name: string): NodeLine {
    const found = this.sandbox.line.nodes.find((candidate) => candidate.name === name);
    if (!found) throw new Error(`no node ${name}`);
    return found;
  }

  /** `at`: a node's name, or the address of anything else. */
  async call<T = never>(at: string, method: string, path: string, body?: object): Promise<Answer<T>> {
    const url = at.startsWith('http') ? at : this.node(at).url;
    const response = await fetch(`${url}/api/${path}`, { method, headers: { 'X-Octopus-ApiKey': this.sandbox.line.apiKey, 'content-type': 'application/json' }, ...(body ? { body: JSON.stringify(body) } : {}) });
    const text = await response.text();
    return { status: response.status, body: (/^[[{]/.test(text) ? JSON.parse(text) : text) as T };
  }

  /** Runs a command line on a machine. */
  async on(machine: string, command: string): Promise<{ code: number; stdout: string; stderr: string }> {
    const { shell } = this.sandbox.line.tentacles.find(({ name }) => name === machine) ?? { shell: `${this.sandbox.line.home}/machines/${machine}/shell` };
    return promisify(execFile)(shell, ['-c', command]).then(({ stdout, stderr }) => ({ code: 0, stdout, stderr }), (error: { code?: number; stdout: string; stderr: string }) => ({ code: error.code ?? -1, stdout: error.stdout, stderr: error.stderr }));
  }

  async registration(at: string, name: string): Promise<Registration> {
    const [machines, workers] = await Promise.all(['machines/all', 'workers/all'].map((path) => this.call<Registration[]>(at, 'GET', path)));
    const found = [...machines?.body ?? [], ...workers?.body ?? []].find(({ Name }) => Name === name);
    if (!found) throw new Error(`no registration ${name}`);
    return found;
  }

  async row(at: string, name: string): Promise<NodeRow | undefined> {
    return (await this.call<{ Nodes: NodeRow[] }>(at, 'GET', 'octopusservernodes/summary')).body.Nodes.find(({ Name }) => Name === name);
  }

  async truth(name: string) {
    const found = (await this.sandbox.truth()).server.nodes.find((node) => node.name === name);
    if (!found) throw new Error(`no node ${name}`);
    return found;
  }

  async drain(at: string, name: string, drained: boolean): Promise<void> {
    const { status } = await this.call(at, 'PUT', `octopusservernodes/OctopusServerNodes-${name}`, { MaxConcurrentTasks: 5, IsInMaintenanceMode: drained });
    if (status !== 200) throw new Error(`drain: ${status}`);
  }

  async create(at: string, task: object): Promise<Task> {
    const { status, body } = await this.call<Task>(at, 'POST', 'Spaces-1/tasks', task);
    if (status !== 201) throw new Error(`task: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  async script(at: string, machine: string, body: string): Promise<Task> {
    const { Id } = await this.registration(at, machine);
    return this.create(at, { Name: 'AdHocScript', Description: 'Script', Arguments: { ScriptBody: body, Syntax: 'Bash', ...(Id.startsWith('Workers-') ? { WorkerIds: [Id], TargetType: 'Workers' } : { MachineIds: [Id] }) } });
  }

  async task(at: string, id: string): Promise<Task> {
    return (await this.call<Task>(at, 'GET', `tasks/${id}`)).body;
  }

  completed(at: string, id: string, limitMs = 40_000): Promise<Task> {
    return until(`${id} is completed`, limitMs, async () => {
      const task = await this.task(at, id);
      return task.IsCompleted && task;
    });
  }

  /** What a full health check that this very node runs finds of a machine. A node that is faster may take the task: then once more. */
  async health(node: string, machine: string): Promise<string> {
    for (;;) {
      const { Id } = await this.registration(node, machine);
      const { Id: task } = await this.create(node, { Name: 'Health', Description: 'Check', Arguments: { MachineIds: [Id], OnlyTestConnection: false } });
      if ((await this.completed(node, task)).ServerNode === node) return (await this.registration(node, machine)).HealthStatus;
    }
  }

  /** The thumbprint that a node presents to Tentacles now. */
  async presented(name: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: this.node(name).commsPort, rejectUnauthorized: false }, () => {
        const thumbprint = socket.getPeerCertificate().fingerprint.replaceAll(':', '');
        socket.end();
        socket.resume().once('close', () => resolve(thumbprint));
      });
      socket.once('error', reject);
    });
  }

  /** Waits until a node has come up more than `starts` times and answers. */
  async up(name: string, starts = 0): Promise<void> {
    await until(`${name} is up`, 20_000, async () => {
      const { running, starts: now } = await this.truth(name);
      return running && now > starts && (await this.call(name, 'GET', 'users/me')).status === 200;
    });
  }

  async restart(name: string): Promise<void> {
    const { starts, machine } = await this.truth(name);
    await this.on(machine, 'systemctl restart octopusserver');
    await this.up(name, starts);
  }

  inService(): Promise<string[]> {
    return this.sandbox.truth().then(({ server }) => server.loadBalancer?.inService ?? []);
  }
}

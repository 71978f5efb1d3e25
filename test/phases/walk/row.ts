import type { RelayJob } from '../../../schemas/types/relay-job.ts';
import type { Thumbprint } from '../../../src/certificates/thumbprint.ts';
import { nodeErrors } from '../../../src/errors/nodes.ts';
import { swapErrors } from '../../../src/errors/swap.ts';
import { proofOf } from '../../../src/journal/views.ts';
import { hostNode } from '../../../src/phases/host-node.ts';
import type { NodeControl, NodeLook } from '../../../src/phases/node-control.ts';
import { reopenTheWayForward, swapServerCertificate } from '../../../src/phases/swap-server-certificate.ts';
import { octopusServer } from '../../../src/server/command-line.ts';
import { Play, type Told } from '../fleet/play.ts';
import { Seeded } from '../fleet/seeded.ts';
import { Life } from './mortal.ts';

const EXECUTABLE = '/opt/octopus/octopusserver/Octopus.Server';
const RESTART_MS = 4_000;
const SILENCE_MS = 30_000;

/** What is wrong with a node: it stays down after the next stop; its relay never answers; it comes back and ignores what the database shows. */
export type NodeFault = 'none' | 'stays-down' | 'silent' | 'keeps-its-own';

/** A server node on a machine of its own, which keeps its certificate until it is restarted (A15, B5). */
export class ScriptedNode {
  readonly id: string;
  fault: NodeFault = 'none';
  isUp = true;
  isDraining = false;
  version = '2026.2.1000';
  runningTasks = 0;
  restarts = 0;
  presents: string;

  constructor(readonly name: string, private readonly row: Row) {
    this.id = `OctopusServerNodes-${name}`;
    this.presents = row.old;
  }

  /** What the leading relay has of it. */
  control(): NodeControl {
    const { fleet, clock } = this.row;
    const answer = async (command: string): Promise<void> => {
      await clock.sleep(200);
      if (this.fault !== 'silent') return;
      await clock.sleep(SILENCE_MS);
      throw nodeErrors.NODE_UNKNOWN({ node: this.name, command, seconds: SILENCE_MS / 1000, reason: '' });
    };
    return {
      id: this.id, name: this.name, isHost: false,
      look: async (): Promise<NodeLook> => {
        await answer('look');
        return this.isUp ? { presents: this.presents as Thumbprint, database: fleet.database as Thumbprint, text: '' } : { presents: null, database: fleet.database as Thumbprint, text: 'connection refused' };
      },
      restart: async (expected) => {
        await answer('restart');
        if (fleet.database !== expected) throw swapErrors.IMPORT_NOT_EXPECTED({ found: fleet.database, expected });
        this.restart();
        await clock.sleep(RESTART_MS * 2);
      },
      start: async () => {
        await answer('start');
        if (!this.isUp && this.fault !== 'stays-down') this.comeUp();
      },
      dismiss: async () => undefined,
    };
  }

  restart(): void {
    const { fleet, clock } = this.row;
    this.row.restarting(this);
    this.restarts += 1;
    this.isUp = false;
    if (this.fault === 'stays-down') return;
    clock.after(RESTART_MS, () => this.comeUp());
    void fleet;
  }

  comeUp(): void {
    this.isUp = true;
    if (this.fault !== 'keeps-its-own') this.presents = this.row.fleet.database;
  }
}

/** A rotation of a server of three nodes up to its hand-over, and a relay that is killed, started again, and told to go back. */
export class Row extends Play {
  readonly others: ScriptedNode[] = [];
  /** Nodes in the order in which they were restarted, `host` among them. */
  readonly restarted: string[] = [];
  isUndoing = false;
  life = new Life(Infinity);

  static async handedOver(seed = 7, names = ['NODE2', 'NODE3']): Promise<Row> {
    const row = new Row(new Seeded(seed));
    row.fleet.add({ name: 'octopus-01', isHost: true });
    row.fleet.add({ name: 'web-01' });
    row.fleet.add({ name: 'dmz-01', route: 'polling' });
    row.startRun();
    for (const step of ['plan', 'backUp', 'generate', 'trust', 'prove', 'replace'] as const) {
      const told = await row[step]();
      if (!told.ok) throw new Error(`${step}: ${told.text}`);
    }
    for (const name of names) row.others.push(new ScriptedNode(name, row));
    row.fleet.otherNodes.push(...row.others);
    await row.planNodes();
    return row;
  }

  /** Plan takes in the nodes that are there, each is ready at an address of its own, and the polling machine polls all of them. */
  async planNodes(): Promise<void> {
    await this.relay('plan-server-certificate', async (_context, rotation) => {
      const nodes = (await rotation.octopus.nodes()).map(({ id, name }) => ({ id, name }));
      await rotation.record({ kind: 'planned', subject: 'estate', data: { ...rotation.plan, nodes, planHash: `with ${nodes.length} nodes` } });
      const addressOf = (name: string): string => `${name.toLowerCase()}:10943`;
      for (const { id, name } of nodes) await rotation.prove(id, 'node-ready', 'rest', { name, isHost: name === 'octopus-01', port: 10943, addresses: addressOf(name) });
      for (const { key } of rotation.plan.machines.filter((machine) => machine.route === 'polling')) {
        const proof = proofOf(rotation.entries(), key, 'trusts-new')!;
        await rotation.prove(key, 'trusts-new', proof.data.how, { ...proof.data.detail, polls: nodes.map(({ name }) => addressOf(name)).join(' ') });
      }
    });
  }

  /** The step that hands the way back over; everything before it is held elsewhere. */
  async handOverTheWayBack(): Promise<void> {
    await this.relay('roll-back-server-certificate', (_context, rotation) => rotation.record({ kind: 'handed-over', subject: 'server', data: { job: 'roll-back', unit: 'octopus-rotation-relay.service', relaySha256: 'a'.repeat(64) } }));
  }

  /** The relay's swap, as often as it is started again, each time with the life that it is given. */
  walk(kind: 'swap' | 'roll-back', life = new Life(Infinity)): Promise<Told | 'killed'> {
    this.life = life;
    this.fleet.pid += 1;
    const job = { kind, octopusServer: EXECUTABLE, restartCommand: null } as RelayJob;
    const name = kind === 'swap' ? 'swap-server-certificate' : 'swap-server-certificate-back';
    return this.relay(name, async (context, rotation) => {
      try {
        await swapServerCertificate(context, rotation, job, [...this.others.map((node) => life.hold(node.control())), this.hostControl()]);
      } catch (error) {
        await reopenTheWayForward(context, rotation, job);
        throw error;
      }
    }).catch((error: unknown) => {
      if (!life.isOver) throw error;
      return 'killed' as const;
    // Whatever the dying process made of it, nobody heard it.
    }).then((told) => (life.isOver ? 'killed' : told));
  }

  private hostControl(): NodeControl {
    const context = this.context('relay');
    const control = hostNode(context, { id: 'OctopusServerNodes-1', name: 'octopus-01' }, octopusServer(context.processes, EXECUTABLE));
    return { ...control, restart: async (expected) => {
      this.restarting(null);
      await control.restart(expected);
    } };
  }

  /** Rules of the row, whoever is restarted. */
  restarting(node: ScriptedNode | null): void {
    const name = node?.name ?? 'host';
    this.restarted.push(name);
    const isDraining = node?.isDraining ?? this.fleet.isDraining;
    if (!this.isUndoing && !isDraining) this.fleet.violate(`${name} is restarted and was not drained`);
    const down = this.others.filter((other) => other !== node && !other.isUp).map((other) => other.name);
    if (down.length > 0 && !this.mayBeDown.has(down.join())) this.fleet.violate(`${name} is restarted while ${down.join()} is down`);
    if (this.fleet.database !== this.fresh && this.fleet.database !== this.old) this.fleet.violate(`${name} is restarted under a third certificate`);
  }

  /** Nodes whose absence a test allows while others are restarted: a person chose to go back without them. */
  readonly mayBeDown = new Set<string>();

  get presented(): string[] {
    return [...this.others.map((node) => (node.isUp ? node.presents : 'down')), this.fleet.presented];
  }

  get drained(): string[] {
    return [...this.others.filter((node) => node.isDraining).map((node) => node.name), ...(this.fleet.isDraining ? ['host'] : [])];
  }

  protected override context(runner: 'runbook' | 'relay') {
    const context = super.context(runner);
    if (runner === 'runbook') return context;
    const { life } = this;
    const files = life.hold(context.files);
    return {
      ...context,
      processes: life.hold({ ...context.processes, self: { ...context.processes.self, pid: this.fleet.pid } }),
      network: life.hold(context.network),
      files: { ...files, read: files.read, append: (path: string, content: string) => (path.endsWith('journal.jsonl') ? life.line(() => context.files.append(path, content)) : files.append(path, content)) },
      octopus: (url: string, key: string, deadlineMs?: number) => life.hold(context.octopus(url, key, deadlineMs)),
    };
  }
}

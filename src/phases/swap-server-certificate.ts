import type { RelayJob } from '../../schemas/types/relay-job.ts';
import { refusalsOf } from '../errors/refusal.ts';
import { planErrors } from '../errors/plan.ts';
import { printable } from '../errors/printable.ts';
import { rollBackErrors } from '../errors/roll-back.ts';
import { serverErrors } from '../errors/server.ts';
import { swapErrors } from '../errors/swap.ts';
import { trustErrors } from '../errors/trust.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import { inventoryUnchanged } from '../gates/inventory.ts';
import { demandPass } from '../gates/verdict.ts';
import { judgeTrust, type Goal } from '../gates/trust.ts';
import type { Entry, PlannedMachine } from '../journal/contract.ts';
import { leftBehind, rollingBack, ROLL_BACK_EFFECT } from '../journal/views.ts';
import type { ServerNode } from '../octopus/contract.ts';
import { octopusServer, type OctopusServerCommands } from '../server/command-line.ts';
import type { PhaseContext } from './context.ts';
import { presentMachines } from './disabled-machines.ts';
import { ownThumbprint } from './host-script.ts';
import { readInventory } from './inventory.ts';
import { acceptsBoth, acceptsOld, isProbed } from './looking.ts';
import { addressed } from './machine-scripts.ts';
import { restartOwnTentacle } from './own-tentacle.ts';
import { observeTrust } from './probing.ts';
import { presentedByNode } from './server-observation.ts';
import { requireStoredPfx } from './pfx-files.ts';
import type { Rotation } from './rotation.ts';

/** How long a server may take to come back before its absence counts (failure-modes.md D12). */
const COME_BACK_MS = 5 * 60_000;
const POLL_MS = 1_000;
/** Machines asked through the server after the swap, to see that the new certificate carries connections at all. */
const SAMPLE = 10;

/**
 * The swap, done by the relay while no run is there to be cut off: drain, own Tentacle, prove again (rule 2), import, restart, prove,
 * undo by rule 10, undrain. Every stage observes first, so that a relay that was killed anywhere goes on from what is there. Rolling
 * back is the same with OLD as its goal; what undoes it is the way forward again.
 */
export async function swapServerCertificate(context: PhaseContext, rotation: Rotation, job: RelayJob): Promise<void> {
  await swapOf(context, rotation, job).run();
}

/** A roll back that was given up for good leaves both ways open again, if NEW is seen to be in force. */
export async function reopenTheWayForward(context: PhaseContext, rotation: Rotation, job: RelayJob): Promise<void> {
  if (job.kind === 'roll-back' && rollingBack(rotation.entries())) await swapOf(context, rotation, job).reopenTheWayForward();
}

function swapOf(context: PhaseContext, rotation: Rotation, job: RelayJob): Swap {
  return new Swap(context, rotation, octopusServer(context.processes, job.octopusServer, job.restartCommand ?? undefined), job.kind === 'roll-back' ? 'old' : 'new');
}

/** One certificate on its way into force or out of it, and what is claimed when it is there. */
interface Side { name: Goal; thumbprint: Thumbprint; shown: 'database-shows-new' | 'database-shows-old'; presented: 'node-presents-new' | 'node-presents-old'; trusted: 'trusts-new' | 'trusts-old' }

class Swap {
  private readonly goal: Side;
  private readonly other: Side;

  constructor(private readonly context: PhaseContext, private readonly rotation: Rotation, private readonly commands: OctopusServerCommands, goal: Goal) {
    const old: Side = { name: 'old', thumbprint: rotation.plan.old, shown: 'database-shows-old', presented: 'node-presents-old', trusted: 'trusts-old' };
    const fresh: Side = { name: 'new', thumbprint: rotation.fresh!.thumbprint, shown: 'database-shows-new', presented: 'node-presents-new', trusted: 'trusts-new' };
    [this.goal, this.other] = goal === 'new' ? [fresh, old] : [old, fresh];
  }

  private get isBack(): boolean {
    return this.goal.name === 'old';
  }

  async run(): Promise<void> {
    // A relay that comes back after a kill may find the server stopped: starting it comes before everything else (DESIGN.md section 6).
    await this.bringUp();
    await this.holdTheWay();
    if (this.isUndoing()) await this.undo(`the relay was interrupted while it put the ${this.other.name} certificate back`);
    if ((await this.databaseThumbprint()) === this.other.thumbprint) {
      try {
        await this.drain();
        await this.restartOwnTentacle();
        await this.proveAgain();
        await this.importGoal();
      } catch (error) {
        await this.undrain();
        throw error;
      }
    }
    if ((await this.databaseThumbprint()) === this.goal.thumbprint) await this.putIntoForce();
    await this.undrain();
    await this.sampleOrUndo();
  }

  /** One way at a time: going back closes the way forward, also when a relay was killed just after it had opened it again. */
  private async holdTheWay(): Promise<void> {
    const isClosed = rollingBack(this.rotation.entries());
    if (!this.isBack && isClosed) throw rollBackErrors.ROTATION_ROLLING_BACK({ rotationId: this.rotation.id });
    if (this.isBack && !isClosed) await this.rotation.intend(ROLL_BACK_EFFECT, 'estate', {});
  }

  async reopenTheWayForward(): Promise<void> {
    if ((await this.seen(this.other.thumbprint)) === null) await this.rotation.done(ROLL_BACK_EFFECT, 'estate', { inForce: this.other.thumbprint });
  }

  private stage(stage: string, text: string): Promise<void> {
    return this.rotation.stage(stage, text);
  }

  private async node(): Promise<ServerNode> {
    const nodes = await this.rotation.octopus.nodes();
    const node = nodes.find((one) => this.rotation.plan.nodes.some((planned) => planned.id === one.id));
    if (nodes.length !== 1 || !node) throw planErrors.SEVERAL_NODES({ nodes: nodes.map((one) => one.name) });
    return node;
  }

  /** Drains the node and waits for its other tasks up to the limit; else undrains and refuses. Nobody's deployment is cancelled. */
  private async drain(): Promise<void> {
    const limitMs = this.rotation.plan.options.drainLimitMinutes * 60_000;
    const node = await this.node();
    if (!node.isDraining) {
      await this.stage('drain', `drains node ${printable(node.name)}`);
      await this.rotation.effect('drain', node.id, {}, async () => {
        await this.rotation.octopus.drain(node.id, true);
        return {};
      });
    }
    const start = this.context.clock.monotonic();
    for (;;) {
      const { runningTasks } = await this.node();
      if (runningTasks === 0) return;
      if (this.context.clock.monotonic() - start > limitMs) throw swapErrors.DRAIN_LIMIT({ minutes: this.rotation.plan.options.drainLimitMinutes, tasks: runningTasks });
      this.context.voice.progress(0, `${runningTasks} task(s) still run on the node`);
      await this.context.clock.sleep(POLL_MS);
    }
  }

  private async undrain(): Promise<void> {
    const node = await this.node();
    if (!node.isDraining) return;
    await this.rotation.effect('undrain', node.id, {}, async () => {
      await this.rotation.octopus.drain(node.id, false);
      return {};
    });
  }

  /** The host's own Tentacle was edited by the step; no script runs on it any more, so it can be restarted with its net and asked (A41). */
  private async restartOwnTentacle(): Promise<void> {
    const host = this.host();
    const isThere = await restartOwnTentacle(this.context, this.rotation, host, { operation: 'add', direction: this.isBack ? 'back' : 'forward' }, this.isBack ? acceptsOld : acceptsBoth);
    if (!isThere) throw swapErrors.OWN_TENTACLE_NOT_PROVED({ reason: `it does not accept the ${this.goal.name} certificate${this.isBack ? '' : ' beside the old one'}` });
    const how = isProbed(host) ? 'wire' : 'read-back';
    for (const side of this.isBack ? [this.goal] : [this.goal, this.other]) await this.rotation.prove(host.key, side.trusted, how, { thumbprint: side.thumbprint });
  }

  /** Rule 2: after the drain, immediately before the import, whoever can be probed is probed, and the inventory compared. */
  private async proveAgain(): Promise<void> {
    await this.stage('prove-again', 'probes every machine once more, and compares the inventory');
    const { plan, octopus } = this.rotation;
    const now = await readInventory(octopus, await octopus.spaces(), await ownThumbprint(this.context));
    demandPass(inventoryUnchanged(plan, now));
    const behind = leftBehind(this.rotation.entries());
    const asked = plan.machines.filter((machine) => !behind.has(machine.key) && isProbed(machine));
    const judgements = (await observeTrust(this.context, asked, await this.rotation.identities())).map((observation) => judgeTrust(observation, { ...plan.options, offlineMachines: 'refuse', waivers: [] }, this.context.clock.now(), this.goal.name));
    const lost = judgements.filter((one) => one.state !== 'proved');
    await Promise.all(judgements.map((one) => (one.state === 'proved' ? this.rotation.prove(one.machine.key, this.goal.trusted, one.how, { thumbprint: this.goal.thumbprint, milliseconds: one.milliseconds, beforeImport: true }) : undefined)));
    for (const one of lost) await this.rotation.record({ kind: 'unproved', subject: one.machine.key, data: { claim: this.goal.trusted, verdict: one.state === 'unproved' ? one.verdict : 'unknown', reason: 'text' in one ? one.text : one.state } });
    if (lost.length > 0) throw trustErrors.PROOF_LOST({ which: this.goal.name, machines: lost.map((one) => ({ name: one.machine.name, reason: 'text' in one ? one.text : one.state })) });
  }

  /** Import only when the observed certificate is the expected one (rule 10). */
  private async importGoal(): Promise<void> {
    await this.rotation.guard();
    const found = await this.databaseThumbprint();
    if (found !== this.other.thumbprint) throw swapErrors.IMPORT_NOT_EXPECTED({ found, expected: this.other.thumbprint });
    await this.stage('import', `imports the ${this.goal.name} certificate ${this.goal.thumbprint}`);
    await this.importCertificate(this.goal);
  }

  private async importCertificate({ name, thumbprint, shown }: Side): Promise<void> {
    await requireStoredPfx(this.context, this.rotation, thumbprint, name);
    const before = await this.databaseThumbprint();
    await this.rotation.effect('import-certificate', 'server', { thumbprint }, async () => {
      let failure: unknown = null;
      try {
        await this.commands.importCertificate(this.rotation.pfxPath(thumbprint), this.rotation.pfxPassword(name));
      } catch (error) {
        failure = error;
      }
      // The outcome is what the database shows, whatever the command said (C15).
      const found = await this.databaseThumbprint();
      if (found !== thumbprint) throw swapErrors.IMPORT_FAILED({ which: name, reason: failure instanceof Error ? failure.message : 'the command ended well, but the database does not show it', found: before }, failure);
      return { found };
    });
    await this.rotation.prove('server', shown, 'rest', { thumbprint });
  }

  /** Restarts the server so that the imported certificate is presented, and sees it on a new connection and over REST; undoes by rule 10. */
  private async putIntoForce(): Promise<void> {
    const { name, thumbprint, shown, presented } = this.goal;
    await this.rotation.prove('server', shown, 'rest', { thumbprint });
    if ((await this.seen(thumbprint)) !== null) {
      await this.restart(thumbprint);
      const last = await this.waitFor(thumbprint);
      if (last !== null) {
        await this.undo(`the node does not present the ${name} certificate: ${last}`);
        return;
      }
      await this.back(thumbprint);
    }
    await this.rotation.prove('server', presented, 'wire', { thumbprint });
  }

  private async restart(thumbprint: Thumbprint): Promise<void> {
    await this.stage('server-away', 'restarts Octopus Server');
    await this.rotation.effect('restart-server', 'server', { thumbprint }, async () => {
      await this.commands.restartService();
      return {};
    });
  }

  private back(thumbprint: Thumbprint): Promise<void> {
    return this.stage('server-back', `Octopus Server is back and presents ${thumbprint}`);
  }

  /** Only what this rotation imported is undone: the other certificate into the database, restart, and seen on the wire. */
  private async undo(reason: string): Promise<never> {
    const { name, thumbprint, presented } = this.other;
    await this.stage('undo', `puts the ${name} certificate back: ${reason}`);
    const found = await this.databaseThumbprint();
    if (found !== this.goal.thumbprint && found !== thumbprint) throw swapErrors.SWAP_UNKNOWN({ reason: `the database shows ${found}` });
    if (found === this.goal.thumbprint) {
      await this.rotation.record({ kind: 'unproved', subject: 'server', data: { claim: this.goal.presented, verdict: 'no', reason } });
      await this.importCertificate(this.other);
    }
    await this.restart(thumbprint);
    const last = await this.waitFor(thumbprint);
    if (last !== null) throw serverErrors.SERVER_DID_NOT_COME_BACK({ seconds: COME_BACK_MS / 1000, last });
    await this.back(thumbprint);
    await this.rotation.prove('server', presented, 'wire', { thumbprint });
    await this.undrain();
    throw this.isBack ? rollBackErrors.ROLL_BACK_UNDONE({ reason, fresh: thumbprint }) : swapErrors.SWAP_UNDONE({ reason, old: thumbprint });
  }

  /** True when, since the hand-over, the last import that was meant is that of the other one: then the undo is finished, not the swap. */
  private isUndoing(): boolean {
    const entries = this.rotation.entries();
    const since = entries.slice(entries.findLastIndex((entry) => entry.kind === 'handed-over') + 1);
    const last = since.findLast((entry): entry is Entry<'intent'> => entry.kind === 'intent' && entry.data.effect === 'import-certificate');
    return last?.data.detail['thumbprint'] === this.other.thumbprint;
  }

  /** Through the server itself, on connections made since the swap: if no proved machine answers at all, the swap is undone (rule 10). */
  private async sampleOrUndo(): Promise<void> {
    const behind = leftBehind(this.rotation.entries());
    // Octopus asks none that is disabled, and its silence would mean nothing.
    const proved = (await presentMachines(this.context, this.rotation)).filter((machine) => !behind.has(machine.key) && !machine.isDisabled);
    if (proved.length === 0) return;
    await this.stage('sample', `asks machines through the server with its ${this.goal.name} certificate`);
    // Listening ones first: a polling Tentacle may pause for two minutes before it comes again (A18).
    const sample = [...proved].sort((a, b) => Number(a.route === 'polling') - Number(b.route === 'polling')).slice(0, SAMPLE);
    let answered = 0;
    const spaces = new Set(sample.map((machine) => addressed(machine).spaceId));
    for (const spaceId of spaces) {
      const ids = sample.map(addressed).filter((one) => one.spaceId === spaceId).map((one) => one.id) as [string, ...string[]];
      const task = await this.rotation.octopus.checkHealth({ description: `Octopus Rotation: connection test after the swap [${this.rotation.id}]`, spaceId, machineIds: ids, onlyTestConnection: true, timeoutMs: COME_BACK_MS });
      const { task: tested, timedOut } = await this.rotation.octopus.waitForTask(task.id, { timeoutMs: COME_BACK_MS });
      // A test that was cancelled leaves the health of before the swap, which says nothing.
      if (timedOut || tested.state === 'Canceled' || tested.state === 'TimedOut') throw trustErrors.HEALTH_UNKNOWN({ task: task.id, state: timedOut ? 'still running' : tested.state });
      const health = await this.rotation.octopus.registrations(spaceId);
      answered += health.filter((one) => ids.includes(one.id) && (one.healthStatus === 'Healthy' || one.healthStatus === 'HasWarnings')).length;
    }
    await this.stage('sampled', `${answered} of ${sample.length} machines asked through the server answer it`);
    if (answered === 0) await this.undo(`none of ${sample.length} machines asked through the server answers it`);
  }

  private host(): PlannedMachine {
    const host = this.rotation.plan.machines.find((machine) => machine.isHost);
    if (!host) throw planErrors.HOST_NOT_RECOGNISED({ own: 'unknown' });
    return host;
  }

  private databaseThumbprint(): Promise<Thumbprint> {
    return this.commands.showThumbprint();
  }

  /** null when node and REST show it; else what was seen instead. */
  private async seen(thumbprint: Thumbprint): Promise<string | null> {
    try {
      const { thumbprint: presented } = await presentedByNode(this.context, await this.commands.communicationsPort());
      if (presented !== thumbprint) return `the node presents ${presented}`;
      const rest = (await this.rotation.octopus.certificate()).thumbprint;
      return rest === thumbprint ? null : `over REST the server shows ${rest}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private async waitFor(thumbprint: Thumbprint): Promise<string | null> {
    const start = this.context.clock.monotonic();
    for (;;) {
      const last = await this.seen(thumbprint);
      if (last === null) return null;
      if (this.context.clock.monotonic() - start > COME_BACK_MS) return last;
      await this.context.clock.sleep(POLL_MS / 2);
    }
  }

  /** Starts a stopped server and waits until it answers; the certificate that it shows is judged afterwards. */
  private async bringUp(): Promise<void> {
    const start = this.context.clock.monotonic();
    let started = false;
    for (;;) {
      try {
        await this.rotation.octopus.about();
        return;
      } catch (error) {
        const elapsed = this.context.clock.monotonic() - start;
        if (elapsed > COME_BACK_MS) throw serverErrors.SERVER_DID_NOT_COME_BACK({ seconds: COME_BACK_MS / 1000, last: error instanceof Error ? error.message : String(error) }, error);
        if (!started) {
          started = true;
          await this.stage('start-server', 'Octopus Server does not answer; starts it');
          await this.commands.startService().catch((failure: unknown) => {
            if (refusalsOf(failure).length === 0) throw failure;
          });
        }
        await this.context.clock.sleep(POLL_MS);
      }
    }
  }
}

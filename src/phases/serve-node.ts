import { join } from 'node:path';
import type { RelayJob } from '../../schemas/types/relay-job.ts';
import { parseThumbprint } from '../certificates/thumbprint.ts';
import { leaseErrors } from '../errors/lease.ts';
import { refusalsOf, type Refusal } from '../errors/refusal.ts';
import { readLease } from '../journal/held-lease.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import { LEADER, nodeKey, type AnswerBody, type CommandBody, type Message, type Place } from '../mailbox/message.ts';
import type { OctopusServerCommands } from '../server/command-line.ts';
import type { PhaseContext } from './context.ts';
import { lookAtThisNode, restartThisNode } from './host-node.ts';
import { lookUntil } from './look-until.ts';
import type { NodeLook } from './node-control.ts';
import { mailboxOf } from './node-mailbox.ts';

const POLL_MS = 1_000;
/** Unasked for so long, it looks less often: a grace period may take days. */
const QUIET_AFTER_MS = 5 * 60_000;
const QUIET_POLL_MS = 5_000;
/** How often it asks whether the rotation is still open, for the case that nobody dismisses it. */
const OVER_EVERY_MS = 60_000;
/** How long a service that was started may take to present a certificate again, before the node answers with what it sees. */
export const PRESENT_AGAIN_MS = 150_000;

/** A job of kind `node`. */
export type NodeJob = RelayJob & { node: NonNullable<RelayJob['node']> };

/** What it is at, on disk before it begins. */
interface Remembered { begun: Place | null; dismissed: boolean }

/**
 * The relay of a server node that does not lead: does what the leading one asks, one command at a time and each once, until it is dismissed
 * or its rotation is open no more. Started again after a kill or a boot it first makes sure that the node's service runs, then answers
 * with what it sees.
 */
export async function serveNode(context: PhaseContext, job: NodeJob, commands: OctopusServerCommands): Promise<void> {
  const mailbox = await mailboxOf(context, { ...job, sharedFolder: job.node.sharedFolder }, nodeKey(job.node.id), job.folder);
  await new NodeServant(context, job, commands, mailbox).serve();
}

class NodeServant {
  private readonly path: string;
  private remembered: Remembered = { begun: null, dismissed: false };
  private lastAsked: number;
  private lastOpen: number;
  private seenOver = false;

  constructor(private readonly context: PhaseContext, private readonly job: NodeJob, private readonly commands: OctopusServerCommands, private readonly mailbox: Mailbox) {
    this.path = join(job.folder, 'node.json');
    this.lastAsked = this.lastOpen = context.clock.monotonic();
  }

  async serve(): Promise<void> {
    if ((await this.context.files.facts(this.path)) === null) await this.remember({});
    else {
      this.remembered = JSON.parse(Buffer.from(await this.context.files.read(this.path)).toString('utf8')) as Remembered;
      if (this.remembered.dismissed) return;
      await this.ensureService();
    }
    for (;;) {
      const { message } = await this.mailbox.receive(LEADER);
      if (message?.body.kind === 'command' && message.fence >= this.job.node.fence) {
        this.lastAsked = this.context.clock.monotonic();
        await this.obey(message as Message<CommandBody>);
        if (this.remembered.dismissed) return;
      } else if (await this.isOver()) {
        this.context.voice.info('The rotation is open no more; nobody is left to ask for anything.');
        return;
      }
      await this.context.clock.sleep(this.context.clock.monotonic() - this.lastAsked > QUIET_AFTER_MS ? QUIET_POLL_MS : POLL_MS);
    }
  }

  private async remember(change: Partial<Remembered>): Promise<void> {
    this.remembered = { ...this.remembered, ...change };
    await this.context.files.replace(this.path, `${JSON.stringify(this.remembered)}\n`);
  }

  /** A node that does not present a certificate is started; a service that runs already bears that. */
  private async ensureService(): Promise<void> {
    if ((await this.look()).presents !== null) return;
    this.context.voice.warn('The node does not answer; starts its service.');
    try {
      await this.commands.startService();
    } catch (error) {
      if (refusalsOf(error).length === 0) throw error;
      this.context.voice.warn(error instanceof Error ? error.message : String(error));
    }
    await this.presentAgain();
  }

  private look(): Promise<NodeLook> {
    return lookAtThisNode(this.context, this.commands);
  }

  /** What is seen once the node presents a certificate, or when it has taken too long. */
  private presentAgain(): Promise<NodeLook> {
    return lookUntil(this.context.clock, { limitMs: PRESENT_AGAIN_MS, pauseMs: POLL_MS }, () => this.look(), (look) => look.presents !== null);
  }

  private async obey(message: Message<CommandBody>): Promise<void> {
    const { command } = message.body;
    const isInterrupted = this.remembered.begun?.fence === message.fence && this.remembered.begun.sequence === message.sequence;
    await this.remember({ begun: { fence: message.fence, sequence: message.sequence } });
    this.context.voice.info(`${command} (fence ${message.fence}, number ${message.sequence})${isInterrupted ? ', begun before this relay was started again' : ''}`);
    try {
      if (command === 'restart' && !isInterrupted && !(await this.restart(message))) return;
      if (command === 'start') await this.ensureService();
      const look = command === 'start' || command === 'restart' ? await this.presentAgain() : await this.look();
      await this.answer(message, isInterrupted && command !== 'look' && command !== 'dismiss' ? 'interrupted' : 'done', look, null);
    } catch (error) {
      const [refusal] = refusalsOf(error);
      if (refusal === undefined) throw error;
      this.context.voice.error(`${refusal.code}: ${refusal.message}`);
      await this.answer(message, 'refused', await this.look(), refusal);
    }
    if (command === 'dismiss') await this.remember({ dismissed: true });
  }

  /**
   * Suspended for long, it may have read a command that nobody wants any more: asked once more immediately before the effect (rule 11).
   * False when a later command is there instead; that one is obeyed next.
   */
  private async restart(message: Message<CommandBody>): Promise<boolean> {
    if (!(await this.isStillWanted(message))) return false;
    await restartThisNode(this.commands, parseThumbprint(message.body.expected ?? ''));
    return true;
  }

  private async isStillWanted({ fence, sequence }: Message<CommandBody>): Promise<boolean> {
    for (;;) {
      const { message, read } = await this.mailbox.receive(LEADER);
      if (message !== null && (message.fence !== fence || message.sequence !== sequence)) return false;
      // Without any carrier nothing is known, and unknown restarts nothing (rule 20).
      if (read) break;
      await this.context.clock.sleep(POLL_MS);
    }
    const marker = await this.marker();
    if (marker === 'unknown' || (marker?.rotationId === this.job.rotationId && marker.fence === fence)) return true;
    throw leaseErrors.LEASE_LOST({ rotationId: this.job.rotationId, mine: fence, found: marker === null ? 'the marker in Octopus is not there' : `Octopus names rotation ${marker.rotationId} with the fence ${marker.fence}` });
  }

  private async marker() {
    try {
      return await readLease(this.context.octopus(this.job.serverUrl, this.job.apiKey, OVER_EVERY_MS / 20), this.job.spaceId);
    } catch {
      return 'unknown' as const;
    }
  }

  /** An answer that no carrier takes now is left there as soon as one does. */
  private async answer(message: Message<CommandBody>, outcome: AnswerBody['outcome'], look: NodeLook, refusal: Refusal | null): Promise<void> {
    const { name, port, addresses } = this.job.node;
    const cut = (text: string): string => text.slice(0, 1_000);
    try {
      await this.mailbox.send(LEADER, message.fence, {
        kind: 'answer',
        answers: { fence: message.fence, sequence: message.sequence },
        outcome,
        presents: look.presents,
        database: look.database,
        text: cut(look.text),
        refusal: refusal === null ? null : { code: refusal.code, message: cut(refusal.message), safe: cut(refusal.safe), next: cut(refusal.next) },
        node: { name, port, addresses, relaySha256: this.job.relaySha256 },
      });
    } catch (error) {
      if ((error as { code?: string }).code !== 'MAILBOX_UNREACHABLE') throw error;
    }
    await this.mailbox.settle(message);
  }

  /** True when Octopus has said twice that another rotation, or none, is open. Asked seldom. */
  private async isOver(): Promise<boolean> {
    if (this.context.clock.monotonic() - this.lastOpen < OVER_EVERY_MS) return false;
    this.lastOpen = this.context.clock.monotonic();
    const marker = await this.marker();
    const isOver = marker !== 'unknown' && marker?.rotationId !== this.job.rotationId;
    const wasOver = this.seenOver;
    this.seenOver = isOver;
    return isOver && wasOver;
  }
}

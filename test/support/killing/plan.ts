import { basename, dirname } from 'node:path';
import type { Entry } from '../../../src/journal/contract.ts';

export type Moment =
  /** The entry is not on disk. */
  | 'before'
  /** Half of the line is: the power failed while it was written. */
  | 'torn'
  /** The entry is on disk, and whoever wrote it does not know yet. */
  | 'after'
  /** Some time after it. */
  | 'later';
/** `self`: the step or the relay that writes the entry; `tentacle`: the host's own, with the step that runs in it; `other`: another machine's Tentacle; `polling`: one that polls; `host`: all of the host at once. Of another server node: `node`, its server; `node-relay`, its relay; `node-machine`, all of its machine. */
export type Target = 'self' | 'server' | 'tentacle' | 'other' | 'polling' | 'host' | 'node' | 'node-relay' | 'node-machine';

/** When and whom to kill, as a file in the state folder; renamed at the kill, so that it strikes once. */
export interface KillPlan {
  point: string;
  /** How often the point is still to come; 1 is the next time. */
  occurrence: number;
  moment: Moment;
  /** For `later`: so many milliseconds. */
  delayMs: number;
  target: Target;
  controlUrl: string;
  controlToken: string;
  host: string;
  other: string;
  polling: string;
  /** Machine of the other server node that is meant; null where there is none. */
  node: string | null;
}

export const PLAN_FILE = 'kill-plan.json';
export const STRUCK_FILE = 'kill-struck.json';
/** When it is there, each point that is passed is written to it. */
export const POINTS_FILE = 'kill-points';

/** What tells one kind of entry from another: who writes it, in which phase, and what it says; not about which machine. */
export function pointOf(entry: Pick<Entry, 'runner' | 'phase' | 'kind' | 'data'>): string {
  const { effect, claim, stage, phase, outcome } = entry.data as Record<string, unknown>;
  const words = [effect, claim, stage, entry.kind.startsWith('phase-') ? phase : undefined, entry.kind === 'phase-finished' ? outcome : undefined];
  return [entry.runner, entry.phase, entry.kind, ...words.filter((word) => typeof word === 'string')].join(' ');
}

/** Another change of a file in the state folder, by what it is for: whatever is named after a rotation, a thumbprint, a node or a process is one thing. */
export function filePointOf(change: 'create' | 'replace' | 'remove', path: string): string {
  const folder = /^(rotations|relay|locks)$/.exec(basename(dirname(path)))?.[1];
  const name = folder === undefined ? basename(path).replace(/^[0-9A-F]{40}/, 'thumbprint').replace(/[a-z]{2}-\d+-[0-9a-f]+/, 'rotation').replace(/(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])/, 'node') : `of ${folder}`;
  return `file ${change} ${name}`;
}

import { holderName, leaseErrors, type HolderText } from '../errors/lease.ts';
import type { Refusal } from '../errors/refusal.ts';
import type { ProcessIdentity } from '../ports/processes.ts';
import type { LeaseMarker, RunnerName } from './contract.ts';

export interface LeaseQuestion {
  /** What Octopus holds now; null for none. */
  marker: LeaseMarker | null;
  me: {
    runner: RunnerName;
    taskId: string | null;
    process: ProcessIdentity;
    host: string;
    stateFolder: string;
    /** The rotation to go on with; null for whichever is open. */
    rotationId: string | null;
  };
  /** May a rotation be opened where none is? Only the plan asks for it. */
  opening: boolean;
  holder: { processAlive: 'alive' | 'dead' | 'unknown' | 'none'; taskCompleted: boolean | 'unknown' };
  /** The journal of the marker's rotation says that it has ended: only its marker was left. */
  ended?: boolean;
  /** The highest fence that the state folder knows; the next one is higher than this, too. */
  lastFence?: number;
  /** A person takes over and names whom (`holderName`): the word of a person stands for the proof that the holder has stopped. */
  takeOver?: string | null;
}

export type LeaseDecision = { take: 'new' | 'over' | 'again'; fence: number } | { refuse: Refusal } | { wait: string };

/**
 * Who may go on (rule 11). It does not expire by the clock: it is taken only from nobody, from oneself, or from a holder that is proved dead
 * and whose run is completed. Each taking raises the fence by one, also from step to step of one run. A relay and the run that it
 * belongs to wait for each other; everybody else is refused. A person who names the holder takes over from one of whom nothing can be proved, but
 * never from a process that is seen at work.
 */
export function decideLease({ marker, me, opening, holder, ended = false, lastFence = 0, takeOver = null }: LeaseQuestion): LeaseDecision {
  const fence = Math.max(marker?.fence ?? 0, lastFence) + 1;
  if (marker === null) return opening ? { take: 'new', fence } : { refuse: leaseErrors.ROTATION_NOT_OPEN({ asked: me.rotationId }) };

  const text = holderText(marker);
  const isMine = isSameProcess(marker.holder.process, me.process);
  if (takeOver !== null) {
    if (takeOver !== holderName(text)) return { refuse: leaseErrors.TAKE_OVER_OTHER_HOLDER({ ...text, asked: takeOver }) };
    return holder.processAlive === 'alive' && !isMine ? { refuse: leaseErrors.TAKE_OVER_HOLDER_WORKS(text) } : { take: 'over', fence };
  }
  if (marker.host !== me.host || marker.stateFolder !== me.stateFolder) return { refuse: leaseErrors.LEASE_ELSEWHERE({ ...text, here: me.host, hereFolder: me.stateFolder }) };
  const opensNext = ended && opening;
  if (!opensNext && me.rotationId !== null && me.rotationId !== marker.rotationId) return { refuse: leaseErrors.ROTATION_OPEN({ ...text, asked: me.rotationId }) };

  const { process, taskId, runner } = marker.holder;
  const isPair = runner === 'relay' || me.runner === 'relay';
  if (!isMine) {
    if (holder.processAlive === 'alive') return isPair ? { wait: `Rotation ${marker.rotationId} is at the ${runner}${process === null ? '' : ` (process ${process.pid})`}.` } : { refuse: leaseErrors.LEASE_HELD(text) };
    if (holder.processAlive === 'unknown') return { refuse: leaseErrors.LEASE_HOLDER_UNKNOWN({ ...text, reason: 'its process cannot be looked at' }) };
    if (taskId !== null && taskId !== me.taskId) {
      if (holder.taskCompleted === 'unknown') return { refuse: leaseErrors.LEASE_HOLDER_UNKNOWN({ ...text, reason: 'Octopus does not say whether its task is completed' }) };
      if (!holder.taskCompleted) return me.runner === 'relay' ? { wait: `The run ${taskId} is not completed.` } : { refuse: leaseErrors.LEASE_HELD_BY_RUN(text) };
    }
  }
  if (opensNext) return { take: 'new', fence };
  return { take: isMine || (taskId !== null && taskId === me.taskId) ? 'again' : 'over', fence };
}

export function isSameProcess(one: ProcessIdentity | null, other: ProcessIdentity | null): boolean {
  return one !== null && other !== null && one.pid === other.pid && one.started === other.started && one.boot === other.boot;
}

export function holderText(marker: LeaseMarker): HolderText {
  const { rotationId, host, stateFolder, fence, heldSince, holder } = marker;
  return { rotationId, host, stateFolder, fence, since: heldSince, runner: holder.runner, taskId: holder.taskId, pid: holder.process?.pid ?? null };
}

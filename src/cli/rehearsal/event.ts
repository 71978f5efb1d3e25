import type { RehearsalEvent, SummaryEvent } from '../../../schemas/types/rehearsal-event.ts';

/** An event before its time is put to it. */
export type Unstamped = RehearsalEvent extends infer One ? (One extends { elapsed: number } ? Omit<One, 'elapsed'> : never) : never;
export type Emit = (event: Unstamped) => void;
export type { RehearsalEvent, SummaryEvent };

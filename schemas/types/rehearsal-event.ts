// Generated from schemas/rehearsal-event.schema.json by `npm run schemas`. Change the schema, not this file.

/**
 * One line of `octopus-rotation rehearse --json`. `elapsed` is in seconds since the rehearsal began. Holds no secrets.
 */
export type RehearsalEvent =
  | StartedEvent
  | SandboxReadyEvent
  | InstalledEvent
  | RunStartedEvent
  | PhaseEvent
  | LineEvent
  | RunEndedEvent
  | HandedOverEvent
  | RelayEvent
  | ServerEvent
  | RotationEndedEvent
  | SavedEvent
  | RefusedEvent
  | SummaryEvent;

export interface StartedEvent {
  event: 'started';
  elapsed: number;
  estate: string;
  machines: number;
  home: string;
}
export interface SandboxReadyEvent {
  event: 'sandbox-ready';
  elapsed: number;
  url: string;
  thumbprint: string;
  machines: {
    name: string;
    state: string;
  }[];
  /**
   * Machines of the estate that cannot be had here, each with its reason.
   */
  notRehearsed: string[];
  /**
   * What the pauses of polling Tentacles are divided by; 1 where none polls or nothing is divided.
   */
  pollingPauseFactor: number;
}
export interface InstalledEvent {
  event: 'installed';
  elapsed: number;
  seconds: number;
}
export interface RunStartedEvent {
  event: 'run-started';
  elapsed: number;
  task: string;
  runbook: string;
  by: 'rehearsal' | 'relay';
}
export interface PhaseEvent {
  event: 'phase';
  elapsed: number;
  task: string;
  phase: string;
  state: 'running' | 'done' | 'warning' | 'failed' | 'skipped' | 'canceled';
  percent: number;
  text: string;
  seconds: number;
}
export interface LineEvent {
  event: 'line';
  elapsed: number;
  source: string;
  level: 'info' | 'highlight' | 'warning' | 'error';
  text: string;
}
export interface RunEndedEvent {
  event: 'run-ended';
  elapsed: number;
  task: string;
  state: string;
}
export interface HandedOverEvent {
  event: 'handed-over';
  elapsed: number;
  unit: string;
}
export interface RelayEvent {
  event: 'relay';
  elapsed: number;
  stage: string;
  text: string;
}
export interface ServerEvent {
  event: 'server';
  elapsed: number;
  state: 'away' | 'back';
  /**
   * How long it was away; null when it just went.
   */
  seconds: number | null;
}
export interface RotationEndedEvent {
  event: 'rotation-ended';
  elapsed: number;
  rotation: string;
  outcome: 'completed' | 'rolled-back' | 'abandoned';
}
export interface SavedEvent {
  event: 'saved';
  elapsed: number;
  what: 'report' | 'log';
  path: string;
}
export interface RefusedEvent {
  event: 'refused';
  elapsed: number;
  code: string;
  message: string;
  safe: string;
  next: string;
}
export interface SummaryEvent {
  event: 'summary';
  /**
   * Id of the rotation; null when none was opened.
   */
  rotation: string | null;
  outcome: 'completed' | 'refused' | 'failed' | 'rolled-back' | 'abandoned' | 'handed-over';
  oldThumbprint: string | null;
  newThumbprint: string | null;
  proved: number;
  leftBehind: {
    machine: string;
    reason: string;
    repair: string | null;
  }[];
  seconds: number;
  /**
   * Path of the HTML report; null when there is none.
   */
  report: string | null;
}

import type { Told } from './task-follower.ts';

/** A line for people, and how it is meant. */
export interface Line { text: string; tone: 'good' | 'warn' | 'bad' | 'soft' | 'strong' | 'none' }

const PHASE_WORDS = { running: '...', done: 'done', warning: 'done, with warnings', failed: 'FAILED', skipped: 'skipped', canceled: 'canceled' } as const;
const PHASE_TONES = { running: 'none', done: 'good', warning: 'warn', failed: 'bad', skipped: 'soft', canceled: 'soft' } as const;
const LEVEL_WORDS = { info: '', highlight: '', warning: 'Warning: ', error: 'Error: ' } as const;
const LEVEL_TONES = { info: 'none', highlight: 'none', warning: 'warn', error: 'bad' } as const;

/** What the steps of a run say, as lines. A step that moves on says its name again; who shows it may leave those out. */
export function toldLines(told: Omit<Extract<Told, { kind: 'phase' }>, 'kind'> | { level: keyof typeof LEVEL_WORDS; text: string }): Line[] {
  if ('level' in told) return told.text.split('\n').map((text) => ({ text: `      ${LEVEL_WORDS[told.level]}${text}`, tone: LEVEL_TONES[told.level] }));
  if (told.state === 'running') return [{ text: `  ${told.phase} ...`, tone: 'none' }];
  const took = told.state === 'skipped' ? '' : ` (${told.seconds.toFixed(1)} s)`;
  return [{ text: `  ${told.phase}: ${PHASE_WORDS[told.state]}${took}`, tone: PHASE_TONES[told.state] }];
}

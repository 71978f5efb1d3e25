import { createHash } from 'node:crypto';
import type { StepTemplate } from '../packaging/step-template.ts';
import type { Schedule } from './schedule.ts';
import type { Setting } from './settings.ts';

/** What is installed: one build of the package and its step templates. */
export interface Release { version: string; fileName: string; content: Uint8Array; /** Step templates by phase. */ templates: ReadonlyMap<string, StepTemplate> }

/** What an installation is to be. */
export interface InstallSettings {
  spaceName: string;
  environmentName: string;
  hostTentacle: string;
  given: Partial<Record<Setting, string>>;
  /** Left out: a trigger that is there is left as it is. */
  schedule?: Schedule;
  /** Whether a person approves before the swap. Left out: as it is. */
  approval?: boolean;
  /** Replace steps and step templates that somebody edited, instead of refusing. Values of their parameters are kept all the same. */
  replaceEdited?: boolean;
}

/** True when a hash that Octopus tells (SHA-1 so far) is that of the content; null when it is of no kind that is known. */
export function hashMatches(content: Uint8Array, told: string): boolean | null {
  const algorithm = /^[0-9a-f]{40}$/i.test(told) ? 'sha1' : /^[0-9a-f]{64}$/i.test(told) ? 'sha256' : null;
  return algorithm === null ? null : createHash(algorithm).update(content).digest('hex') === told.toLowerCase();
}

/** Names a key without telling it: enough to see that another one is meant, of a value that is random itself. */
export function fingerprintOf(apiKey: string): string {
  return createHash('sha256').update(`octopus-rotation api key\0${apiKey}`).digest('hex').slice(0, 16);
}

/** Names what a snapshot was made from, and the parameters that kept a person's value; it stands in the snapshot's notes. */
export function snapshotNotes(of: { version: string; content: Uint8Array; processVersion: number; variablesVersion: number; kept: readonly string[] }): string {
  const content = createHash('sha256').update(of.content).digest('hex');
  return `octopus-rotation ${of.version} (${content.slice(0, 16)}), process version ${of.processVersion}, variables version ${of.variablesVersion}.${of.kept.length === 0 ? '' : ` Kept: ${of.kept.join('; ')}.`}`;
}

/** The release that a snapshot was made from by us, and what it kept; null for the notes of anybody else. */
export function notesOfOurs(notes: string): { version: string; kept: string[] } | null {
  const found = /^octopus-rotation (\S+) \([0-9a-f]{16}\), process version \d+, variables version \d+\.(?: Kept: (.+)\.)?$/s.exec(notes);
  return found === null ? null : { version: found[1]!, kept: found[2]?.split('; ') ?? [] };
}

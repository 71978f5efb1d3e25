import type { Voice } from '../ports/voice.ts';
import { Redaction } from './redaction.ts';

/** Writes Octopus service messages (step-packages.md section 9): base64 of UTF-8 in every value, one message a line. Pure text in, lines out. */
export function serviceMessage(name: string, attributes: Record<string, string>): string {
  const encoded = Object.entries(attributes).map(([key, value]) => ` ${key}='${Buffer.from(value, 'utf8').toString('base64')}'`);
  return `##octopus[${name}${encoded.join('')}]`;
}

/** Octopus expands `#{` when a later step reads an output variable; escaped, it arrives as it was (D13). */
export function escapeExpressions(text: string): string {
  return text.replaceAll('#{', '##{');
}

/** Foreign text can forge a message or swallow what follows (step-packages.md 9.1): the sequence is broken, line ends become separate lines. ASCII only, since Windows decodes with its OEM code page (8.5). */
export function logLines(text: string): string[] {
  return text
    .replaceAll('##octopus', '# #octopus')
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(/[\u2012-\u2015]/g, '-').replace(/[\u2018\u2019]/g, "'").replace(/[\u201C\u201D]/g, '"').replace(/[^\x20-\x7E\t]/g, '?'));
}

/** What a step says to Octopus beyond what a phase says: its outputs, and why it failed. */
export interface OutputVoice extends Voice {
  setVariable(name: string, value: string): void;
  error(text: string): void;
}

export interface StepVoice extends OutputVoice {
  artifact(path: string, name: string, length: number): void;
  /** The sentence that Octopus shows beside a failed step. */
  result(message: string): void;
}

/** A voice that speaks service messages to standard output. */
export function stepVoice(write: (line: string) => void): StepVoice {
  const redaction = new Redaction();
  const lines = (text: string) => logLines(redaction.apply(text));
  const level = (name: string, text: string) => {
    write(serviceMessage(`stdout-${name}`, {}));
    for (const line of lines(text)) write(line);
    write(serviceMessage('stdout-default', {}));
  };
  return {
    info: (text) => lines(text).forEach(write),
    verbose: (text) => level('verbose', text),
    highlight: (text) => level('highlight', text),
    warn: (text) => level('warning', text),
    error: (text) => level('error', text),
    progress: (percentage, text) => write(serviceMessage('progress', { percentage: String(Math.max(0, Math.min(100, Math.round(percentage)))), message: lines(text).join(' ') })),
    secret: (value) => redaction.add(value),
    setVariable: (name, value) => write(serviceMessage('setVariable', { name, value: escapeExpressions(redaction.apply(value)) })),
    artifact: (path, name, length) => write(serviceMessage('createArtifact', { path, name, length: String(length) })),
    result: (message) => write(serviceMessage('resultMessage', { message: lines(message).join(' ') })),
  };
}

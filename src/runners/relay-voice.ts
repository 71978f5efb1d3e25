import type { Voice } from '../ports/voice.ts';
import { Redaction } from './redaction.ts';
import { logLines } from './service-messages.ts';

/** A voice for a log that people read: one plain line each, secrets hidden. Progress is said only when its text changes. */
export function relayVoice(write: (line: string) => void): Voice {
  const redaction = new Redaction();
  let lastProgress = '';
  const say = (level: string) => (text: string) => logLines(redaction.apply(text)).forEach((line) => write(`${level} ${line}`));
  return {
    info: say('info '),
    verbose: say('debug'),
    highlight: say('info '),
    warn: say('warn '),
    error: say('error'),
    progress: (_percent, text) => {
      if (text !== lastProgress) say('info ')(text);
      lastProgress = text;
    },
    secret: (value) => redaction.add(value),
  };
}

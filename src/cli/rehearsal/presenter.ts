import type { Io } from '../io.ts';
import { toldLines, type Line } from '../runs/told-lines.ts';
import type { RehearsalEvent } from './event.ts';

/** Shows a rehearsal while it happens. */
export interface Presenter {
  show(event: RehearsalEvent): void;
  /** What is being done right now, where that can be shown. */
  busy(text: string): void;
  /** Lines of the end, after everything else. */
  say(text: string): void;
  close(): void;
}

/** One event a line; nothing else on standard output. */
export function jsonPresenter(io: Io): Presenter {
  return { show: (event) => io.out(JSON.stringify(event)), busy: () => undefined, say: () => undefined, close: () => undefined };
}

/** Plain lines, for logs and pipes. Progress inside a phase is told at most every `PROGRESS_SECONDS`. */
export function plainPresenter(io: Io): Presenter {
  let told = 0;
  return {
    show(event) {
      if (event.event === 'phase' && event.state === 'running' && (event.percent > 0 || event.text !== '')) {
        if (event.text === '' || event.elapsed - told < PROGRESS_SECONDS) return;
        told = event.elapsed;
        io.out(stamped(event.elapsed, `    ${String(Math.round(event.percent)).padStart(3)} %  ${event.text}`));
        return;
      }
      if ('elapsed' in event) told = event.elapsed;
      for (const line of linesOf(event)) io.out(stamped('elapsed' in event ? event.elapsed : 0, line.text));
    },
    busy: () => undefined,
    say: (text) => io.out(text),
    close: () => undefined,
  };
}

const PROGRESS_SECONDS = 2;
const SPINNER = ['|', '/', '-', '\\'];
const BAR = 20;
const COLOURS = { good: '32', warn: '33', bad: '31', soft: '2', strong: '1', none: '0' } as const;

/** Lines above, and one line at the bottom that is rewritten: spinner, bar, phase, what it is at, elapsed time. */
export function terminalPresenter(io: Io, clock: { now: () => number }): Presenter {
  const begun = clock.now();
  let turn = 0;
  let live: { text: string; percent: number | null } | null = null;
  const wipe = () => io.write('\r\u001b[2K');
  const draw = () => {
    if (live === null) return;
    const bar = live.percent === null ? '' : `[${'#'.repeat(Math.round((live.percent / 100) * BAR)).padEnd(BAR, '.')}] ${String(Math.round(live.percent)).padStart(3)} %  `;
    const line = `${stamped((clock.now() - begun) / 1000, `${SPINNER[turn % SPINNER.length]} ${bar}${live.text}`)}`;
    io.write(`\r\u001b[2K${[...line].slice(0, Math.max(20, io.columns - 1)).join('')}`);
  };
  const timer = setInterval(() => {
    turn += 1;
    draw();
  }, 120);
  const above = (text: string, tone: keyof typeof COLOURS = 'none') => {
    wipe();
    io.write(`${tone === 'none' ? text : `\u001b[${COLOURS[tone]}m${text}\u001b[0m`}\n`);
  };
  return {
    show(event) {
      if (event.event === 'phase' && event.state === 'running') live = { text: `${event.phase}${event.text === '' ? '' : `: ${event.text}`}`, percent: event.percent };
      else if (event.event === 'phase') live = null;
      else if (event.event === 'relay') live = { text: `Relay: ${event.text}`, percent: null };
      else if (event.event === 'run-ended' || event.event === 'rotation-ended' || event.event === 'summary') live = null;
      if (!(event.event === 'phase' && event.state === 'running')) for (const line of linesOf(event)) above(stamped('elapsed' in event ? event.elapsed : 0, line.text), line.tone);
      draw();
    },
    busy(text) {
      live = { text, percent: null };
      draw();
    },
    say(text) {
      wipe();
      live = null;
      io.write(`${text}\n`);
    },
    close() {
      clearInterval(timer);
      wipe();
      live = null;
    },
  };
}

function stamped(seconds: number, text: string): string {
  return `${seconds.toFixed(1).padStart(6)} s  ${text}`;
}

/** What an event says to people; the summary is told by itself. */
export function linesOf(event: RehearsalEvent): Line[] {
  const line = (text: string, tone: Line['tone'] = 'none'): Line[] => [{ text, tone }];
  switch (event.event) {
    case 'started': return line(`Rehearsal on "${event.estate}": ${event.machines} ${event.machines === 1 ? 'machine' : 'machines'}, embedded Octopus in ${event.home}`, 'strong');
    case 'sandbox-ready': {
      const off = event.machines.filter((machine) => machine.state !== 'on').map((machine) => machine.name);
      return [
        ...line(`Octopus Server answers at ${event.url} and presents ${event.thumbprint}`),
        ...line(`Tentacles: ${event.machines.filter((machine) => machine.state === 'on').map((machine) => machine.name).join(', ')}${off.length === 0 ? '' : `; switched off: ${off.join(', ')}`}`),
        ...(event.notRehearsed.length === 0 ? [] : line(`Not rehearsed: ${event.notRehearsed.join('; ')}`)),
        ...(event.pollingPauseFactor === 1 ? [] : line(`The pauses of polling Tentacles are divided by ${event.pollingPauseFactor} here; nothing else is`)),
      ];
    }
    case 'installed': return line(`Octopus Rotation is installed into it (${event.seconds.toFixed(1)} s)`);
    case 'run-started': return line(event.by === 'rehearsal' ? `The runbook "${event.runbook}" runs: ${event.task}` : `The relay queued the runbook again, and it goes on: ${event.task}`, 'strong');
    case 'phase':
    case 'line': return toldLines(event);
    case 'run-ended': return line(`Run ${event.task}: ${event.state}`, event.state === 'Success' ? 'none' : 'bad');
    case 'handed-over': return line(`Handed over to the relay (${event.unit})`, 'strong');
    case 'relay': return line(`  Relay: ${event.text}`);
    case 'server': return line(event.state === 'away' ? 'Octopus Server is away' : `Octopus Server is back${event.seconds === null ? '' : ` after ${event.seconds.toFixed(1)} s`}`, event.state === 'away' ? 'warn' : 'good');
    case 'rotation-ended': return line(`Rotation ${event.rotation}: ${event.outcome}`, event.outcome === 'completed' ? 'good' : 'warn');
    case 'saved': return line(`${event.what === 'report' ? 'Report' : 'Task log'}: ${event.path}`);
    case 'refused': return [];
    case 'summary': return [];
  }
}

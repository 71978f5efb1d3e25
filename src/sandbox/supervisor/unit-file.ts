import { parseTimespan } from './timespan.ts';

export type RestartPolicy = 'no' | 'always' | 'on-success' | 'on-failure' | 'on-abnormal' | 'on-abort';
export type KillMode = 'control-group' | 'mixed' | 'process' | 'none';

/** A service as its unit file says. Times in milliseconds. */
export interface UnitDefinition {
  description: string;
  type: 'simple' | 'exec' | 'oneshot';
  execStart: string[];
  environment: Record<string, string>;
  workingDirectory: string;
  user: string | null;
  restart: RestartPolicy;
  restartSec: number;
  timeoutStopSec: number;
  startLimitIntervalSec: number;
  startLimitBurst: number;
  killMode: KillMode;
  remainAfterExit: boolean;
  umask: number | null;
  wantedBy: string[];
}

/** A unit that real systemd would run and this supervisor would run wrongly. */
export class UnsupportedUnit extends Error {
  override name = 'UnsupportedUnit';
}

/** What has no meaning in the sandbox, or none that can be seen. */
const harmless = new Set([
  'After', 'Before', 'Wants', 'Requires', 'Documentation', 'Group', 'SyslogIdentifier', 'TimeoutStartSec', 'LimitNOFILE',
  'Alias', 'Nice', 'OOMScoreAdjust', 'TasksMax', 'RequiresMountsFor', 'PrivateTmp', 'ProtectSystem', 'ProtectHome', 'NoNewPrivileges', 'DefaultDependencies',
]);

/**
 * Reads a unit file of the supported subset.
 * @throws UnsupportedUnit for a directive, type or value that is not in it.
 */
export function parseUnit(text: string): UnitDefinition {
  const definition = newDefinition();
  for (const line of text.replaceAll(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === '' || /^[#;[]/.test(trimmed)) continue;
    const at = trimmed.indexOf('=');
    if (at < 0) throw new UnsupportedUnit(`Missing '=' in '${trimmed}'`);
    applyDirective(definition, trimmed.slice(0, at).trim(), trimmed.slice(at + 1).trim());
  }
  if (definition.execStart.length === 0) throw new UnsupportedUnit('Service has no ExecStart= setting.');
  return definition;
}

export function newDefinition(): UnitDefinition {
  return {
    description: '', type: 'simple', execStart: [], environment: {}, workingDirectory: '/', user: null, restart: 'no', restartSec: 100,
    timeoutStopSec: 2000, startLimitIntervalSec: 10_000, startLimitBurst: 5, killMode: 'control-group', remainAfterExit: false, umask: null, wantedBy: [],
  };
}

/** Sets one `Name=value`, as a line of a file or as `systemd-run --property`. */
export function applyDirective(definition: UnitDefinition, name: string, value: string): void {
  switch (name) {
    case 'Description': definition.description = value; return;
    case 'Type': definition.type = oneOf(name, value, ['simple', 'exec', 'oneshot']); return;
    case 'ExecStart': definition.execStart = splitCommand(value.replace(/^[-@:+!]+/, '')); return;
    case 'Environment': Object.assign(definition.environment, ...splitCommand(value).map((setting) => ({ [setting.slice(0, setting.indexOf('='))]: setting.slice(setting.indexOf('=') + 1) }))); return;
    case 'WorkingDirectory': definition.workingDirectory = value.replace(/^-/, ''); return;
    case 'User': definition.user = value; return;
    case 'Restart': definition.restart = oneOf(name, value, ['no', 'always', 'on-success', 'on-failure', 'on-abnormal', 'on-abort']); return;
    case 'RestartSec': definition.restartSec = span(name, value); return;
    case 'TimeoutStopSec': definition.timeoutStopSec = span(name, value); return;
    case 'StartLimitIntervalSec': definition.startLimitIntervalSec = span(name, value); return;
    case 'StartLimitBurst': definition.startLimitBurst = Number(value); return;
    case 'KillMode': definition.killMode = oneOf(name, value, ['control-group', 'mixed', 'process', 'none']); return;
    case 'RemainAfterExit': definition.remainAfterExit = /^(yes|true|on|1)$/i.test(value); return;
    case 'UMask': definition.umask = parseInt(value, 8); return;
    case 'WantedBy': definition.wantedBy.push(...value.split(/\s+/).filter((target) => target !== '')); return;
    case 'StandardOutput': case 'StandardError': oneOf(name, value, ['journal', 'null', 'inherit']); return;
    case 'StandardInput': oneOf(name, value, ['null']); return;
    default: if (!harmless.has(name)) throw new UnsupportedUnit(`The sandbox's service manager does not support ${name}=`);
  }
}

function oneOf<T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (!found) throw new UnsupportedUnit(`The sandbox's service manager does not support ${name}=${value}`);
  return found;
}

function span(name: string, value: string): number {
  const milliseconds = parseTimespan(value);
  if (milliseconds === undefined) throw new UnsupportedUnit(`Failed to parse ${name}=${value}`);
  return milliseconds;
}

/** Splits a command line as systemd does: blanks, both quotes, backslash; `%%` is a percent sign. */
export function splitCommand(text: string): string[] {
  const words: string[] = [];
  const word = /\s*((?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\.|[^\s"'\\])+)/y;
  for (let match = word.exec(text); match; match = word.exec(text)) {
    const part = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\\(.)|([^"'\\]+)/g;
    words.push([...(match[1] ?? '').matchAll(part)].map(([, double, single, escaped, plain]) => (double ?? single)?.replaceAll(/\\(.)/g, '$1') ?? escaped ?? plain ?? '').join('').replaceAll('%%', '%'));
  }
  return words;
}

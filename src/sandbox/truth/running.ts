import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineLayout } from '../machines/layout.ts';
import { isRunning, processEntry } from '../machines/processes.ts';

/** What a process says of itself at its start, in `<machine>/run/<name>.json`. */
export interface RunningReport { pid: number; startTime: string; starts: number; startedAt: string }

/** Writes this process's report; `starts` counts up from the report of its predecessor. */
export function reportRunning(machineDir: string, name: string, detail: Record<string, unknown>): void {
  const { run } = machineLayout(machineDir);
  mkdirSync(run, { recursive: true });
  const report = {
    ...detail, pid: process.pid, startTime: processEntry(process.pid)?.startTime ?? '',
    starts: (readReport(machineDir, name)?.starts ?? 0) + 1, startedAt: new Date().toISOString(),
  };
  const path = join(run, `${name}.json`);
  writeFileSync(`${path}.${process.pid}`, JSON.stringify(report));
  renameSync(`${path}.${process.pid}`, path);
}

/** The last report of that name, whether or not its process still runs. */
export function readReport<T extends object = object>(machineDir: string, name: string): (RunningReport & T) | undefined {
  try {
    return JSON.parse(readFileSync(join(machineLayout(machineDir).run, `${name}.json`), 'utf8')) as RunningReport & T;
  } catch {
    return undefined;
  }
}

export function isReportCurrent(report: RunningReport | undefined): boolean {
  return report !== undefined && isRunning(report.pid, report.startTime || undefined);
}

import { serviceNameOf, unitOf } from './service-name.ts';

/** Runs a program to its end. */
export type Run = (command: string[]) => { exitCode: number; output: string };

export type WindowsStatus = 'Stopped' | 'StartPending' | 'StopPending' | 'Running';
export type StartType = 'Automatic' | 'Manual' | 'Disabled';

/** A service as it is at one moment. */
export interface ServiceState { exists: boolean; status: WindowsStatus; startType: StartType; processId: number }

const asked = ['LoadState', 'ActiveState', 'UnitFileState', 'MainPID'];
const statuses: Record<string, WindowsStatus> = { active: 'Running', activating: 'StartPending', deactivating: 'StopPending' };
const startTypes: Record<string, StartType> = { enabled: 'Automatic', masked: 'Disabled' };

/** A Windows service, played by a unit of the sandbox's service manager. */
export class ServiceControl {
  readonly name: string;
  private readonly unit: string;
  private readonly run: Run;
  private readonly systemctl: string;

  constructor(name: string, systemctl: string, run: Run) {
    this.name = serviceNameOf(/: (.+)$/.exec(name)?.[1] ?? 'Tentacle');
    this.unit = unitOf(name) ?? '';
    this.run = run;
    this.systemctl = systemctl;
  }

  /** What it is now, by one look. */
  get state(): ServiceState {
    if (this.unit === '') return { exists: false, status: 'Stopped', startType: 'Manual', processId: 0 };
    const { output } = this.run([this.systemctl, 'show', this.unit, '-p', asked.join(',')]);
    const found = new Map(output.split('\n').map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
    return {
      exists: found.get('LoadState') === 'loaded',
      status: statuses[found.get('ActiveState') ?? ''] ?? 'Stopped',
      startType: startTypes[found.get('UnitFileState') ?? ''] ?? 'Manual',
      processId: Number(found.get('MainPID')) || 0,
    };
  }

  start(): boolean { return this.run([this.systemctl, 'start', this.unit]).exitCode === 0; }
  stop(): boolean { return this.run([this.systemctl, 'stop', this.unit]).exitCode === 0; }
}

import { serviceNameOf, unitOf } from './service-name.ts';

/** Runs a program to its end. */
export type Run = (command: string[]) => { exitCode: number; output: string };

export type WindowsStatus = 'Stopped' | 'StartPending' | 'StopPending' | 'Running';

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

  get exists(): boolean {
    return this.unit !== '' && this.show('LoadState') === 'loaded';
  }

  get status(): WindowsStatus {
    const state = this.show('ActiveState');
    return state === 'active' ? 'Running' : state === 'activating' ? 'StartPending' : state === 'deactivating' ? 'StopPending' : 'Stopped';
  }

  get processId(): number {
    return Number(this.show('MainPID')) || 0;
  }

  get startType(): 'Automatic' | 'Manual' | 'Disabled' {
    const state = this.show('UnitFileState');
    return state === 'enabled' ? 'Automatic' : state === 'masked' ? 'Disabled' : 'Manual';
  }

  start(): boolean { return this.run([this.systemctl, 'start', this.unit]).exitCode === 0; }
  stop(): boolean { return this.run([this.systemctl, 'stop', this.unit]).exitCode === 0; }

  private show(property: string): string {
    return this.run([this.systemctl, 'show', this.unit, '-p', property, '--value']).output.trim();
  }
}

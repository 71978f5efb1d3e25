import { ServiceControl } from '../../windows/service-control.ts';
import { serviceNameOf } from '../../windows/service-name.ts';
import type { CommandContext } from '../command.ts';
import { ControlledFailure, UnexpectedFailure } from '../failures.ts';

/** How often the real one looks whether a service has got where it was sent, 0.3 s apart: about 45 s. */
const tries = 150;
const pauseMs = 300;

/** `service` on Windows (tentacle-trust.md section 3, WindowsServiceConfigurator.cs). Installing and removing services is not embedded. */
export async function windowsService(context: CommandContext, instance: string, systemctl: string, wanted: ReadonlySet<string>): Promise<void> {
  for (const action of ['install', 'uninstall', 'reconfigure']) if (wanted.has(action)) throw new ControlledFailure(`The embedded Tentacle does not support service --${action} on Windows`);
  const name = serviceNameOf(instance);
  const service = new ServiceControl(name, systemctl, (command) => context.host.run(command));
  const found = service.state.exists;
  if (wanted.has('restart') && found) {
    context.log('INFO', `Restarting service ${name}`);
    if (await stopped(context, service)) await start(context, service);
    else context.log('INFO', `Service ${name} wasn't restarted as it is not running.`);
  }
  if (wanted.has('stop') && found) await stopped(context, service);
  if (wanted.has('start')) {
    if (!found) throw new ControlledFailure(`Start requested for service ${name}, but no service with this name was found.`);
    await start(context, service);
  }
}

async function stopped(context: CommandContext, service: ServiceControl): Promise<boolean> {
  const { status } = service.state;
  if (status === 'Stopped' || status === 'StopPending') return false;
  context.log('INFO', 'Stopping service...');
  service.stop();
  if (!await becomes(context, service, 'Stopped')) {
    context.log('ERROR', 'The service could not be stopped');
    return false;
  }
  context.log('INFO', 'Service stopped');
  return true;
}

async function start(context: CommandContext, service: ServiceControl): Promise<void> {
  if (service.state.status === 'Running') return;
  // The real one tries five more times with growing pauses when the service manager refuses; here one refusal is final.
  if (!service.start()) throw new UnexpectedFailure(`Cannot start service '${service.name}' on computer '.'.`, 'System.InvalidOperationException');
  if (!await becomes(context, service, 'Running')) throw new UnexpectedFailure('Exceeded max retries', 'System.Exception');
  context.log('INFO', 'Service started');
}

async function becomes(context: CommandContext, service: ServiceControl, status: 'Stopped' | 'Running'): Promise<boolean> {
  for (let attempt = 0; attempt <= tries; attempt += 1) {
    const current = service.state.status;
    context.log('INFO', `Waiting for service to become ${status}. Current status: ${current}`);
    await new Promise((resolve) => { setTimeout(resolve, pauseMs); });
    if (current === status) return true;
  }
  return false;
}

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { defaultInstance } from '../instance.ts';
import type { Command } from './command.ts';
import { ControlledFailure, print, printError } from './console.ts';

/** As the service configurator names it (ServiceName.cs). */
const serviceName = (instance: string) => (instance === defaultInstance ? 'OctopusDeploy' : `OctopusDeploy: ${instance}`);

function systemctl(verb: string, unit: string): boolean {
  const { status } = spawnSync('systemctl', [verb, unit], { stdio: 'ignore' });
  if (status === 0) return true;
  printError(`The command 'systemctl ${verb} ${unit}' failed with exit code: ${status ?? -1}`);
  return false;
}

const isActive = (unit: string) => spawnSync('systemctl', ['is-active', unit], { stdio: 'ignore' }).status === 0;

/**
 * Linux form of `service` (octopus-server-cli.md section 3, tentacle-trust.md section 3): works through systemctl in the order
 * restart, stop, start; failures are only logged, the exit code stays 0.
 */
export const service: Command = {
  summary: 'Start, stop, install and configure the Octopus service',
  options: { start: 'flag', stop: 'flag', restart: 'flag', reconfigure: 'flag', install: 'flag', uninstall: 'flag', 'username|user': 'value', password: 'value', dependOn: 'value' },
  run: ({ options, instance }) => {
    if (!existsSync('/bin/bash')) throw new ControlledFailure('Could not detect bash. bash is required to run the service command.');
    if (spawnSync('sudo', ['-vn'], { stdio: 'ignore' }).status !== 0) throw new ControlledFailure('Requires elevated privileges. Please run command as sudo.');
    for (const verb of ['install', 'uninstall', 'reconfigure']) if (options.has(verb)) throw new ControlledFailure(`sandbox: service --${verb} is not simulated.`);
    const unit = instance.name.toLowerCase().replaceAll(' ', '-');
    const name = serviceName(instance.name);
    if (options.has('restart')) {
      print(`Restarting service: ${name}`);
      if (!isActive(unit)) print(`Service ${name} wasn't restarted as it is not running.`);
      else if (systemctl('restart', unit)) print('Service has been restarted');
      else printError('The service could not be restarted');
    }
    if (options.has('stop')) {
      print(`Stopping service: ${name}`);
      if (systemctl('stop', unit)) print('Service stopped');
      else printError('The service could not be stopped');
    }
    if (options.has('start')) {
      if (systemctl('start', unit)) print(`Service started: ${name}`);
      else printError(`Could not start the systemd service: ${name}`);
    }
  },
};

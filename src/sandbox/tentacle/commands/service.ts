import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, CommandContext } from '../command.ts';
import { ControlledFailure } from '../failures.ts';
import { listInstances } from '../instances.ts';
import { flag, valued } from '../options.ts';
import { windowsService } from './windows-service.ts';

const actions = ['restart', 'stop', 'uninstall', 'install', 'reconfigure', 'start'] as const;
type Action = typeof actions[number];

/**
 * `service`: works through the machine's systemctl; failures are logged to stderr and the exit code stays 0
 * (tentacle-trust.md section 3). Combined actions run in the order of {@link actions}.
 */
export function service(): Command {
  const wanted = new Set<Action>();
  let [instance, user, dependency] = ['', 'root', ''];
  return {
    target: 'none',
    options: [
      ...actions.map((action) => flag(action, () => { wanted.add(action); })),
      valued('instance', (value) => { instance = value; }),
      valued('username|u|user', (value) => { user = value; }),
      valued('password|p', () => undefined),
      valued('dependOn', (value) => { dependency = value; }),
    ],
    async run(context) {
      for (const name of chosen(context, instance)) {
        if (context.host.windowsServices !== undefined) {
          await windowsService(context, name, context.host.windowsServices, wanted);
          continue;
        }
        checkPrerequisites(context);
        const unit = name.replaceAll('/', '').replaceAll(/\s+/g, '-');
        const definition = () => unitText(context.host.executable, name, user, dependency);
        for (const action of actions) if (wanted.has(action)) perform(context, action, unit, definition);
      }
    },
  };
}

function chosen(context: CommandContext, instance: string): string[] {
  const names = listInstances(context.host.root).map(({ name }) => name);
  if (instance === '*') return names;
  const name = names.find((known) => known.toLowerCase() === (instance || 'Tentacle').toLowerCase());
  if (!name && instance) throw new ControlledFailure(`Instance ${instance} of Tentacle has not been configured on this machine. Available instances: ${names.join(', ')}.`);
  if (!name) throw new ControlledFailure(`Unable to find default instance of Tentacle. Available instances: ${names.join(', ')}.`);
  return [name];
}

function checkPrerequisites({ host }: CommandContext): void {
  if (host.run(['/bin/bash', '-c', 'sudo -vn 2> /dev/null']).exitCode !== 0) throw new ControlledFailure('Requires elevated privileges. Please run command as sudo.');
  if (host.run(['/bin/bash', '-c', 'command -v systemctl >/dev/null']).exitCode !== 0) throw new ControlledFailure('Could not detect systemd. systemd is required to run Tentacle as a service');
}

function perform(context: CommandContext, action: Action, unit: string, definition: () => string): void {
  const path = join(context.host.root, 'etc', 'systemd', `${unit}.service`);
  if (action === 'restart') {
    context.log('INFO', `Restarting service: ${unit}`);
    if (systemctl(context, 'restart', unit)) context.log('INFO', 'Service has been restarted');
    else context.log('ERROR', 'The service could not be restarted');
  } else if (action === 'stop') {
    context.log('INFO', `Stopping service: ${unit}`);
    if (systemctl(context, 'stop', unit)) context.log('INFO', 'Service stopped');
    else context.log('ERROR', 'The service could not be stopped');
  } else if (action === 'start') {
    if (systemctl(context, 'start', unit)) context.log('INFO', `Service started: ${unit}`);
    else context.log('ERROR', `Could not start the systemd service: ${unit}`);
  } else if (action === 'uninstall') {
    context.log('INFO', `Removing systemd service: ${unit}`);
    remove(context, unit, path);
    context.log('INFO', 'Service uninstalled');
  } else {
    if (action === 'reconfigure') {
      context.log('INFO', `Attempting to remove old service: ${unit}`);
      remove(context, unit, path);
    }
    writeFileSync(path, definition());
    systemctl(context, 'enable', unit);
    context.log('INFO', `Service installed: ${unit}`);
  }
}

function remove(context: CommandContext, unit: string, path: string): void {
  systemctl(context, 'stop', unit);
  systemctl(context, 'disable', unit);
  rmSync(path, { force: true });
}

function systemctl(context: CommandContext, verb: string, unit: string): boolean {
  const { exitCode, output } = context.host.run(['/bin/bash', '-c', `sudo -n systemctl ${verb} ${unit}`]);
  if (exitCode === 0) return true;
  context.log('ERROR', `The command 'systemctl ${verb} ${unit}' failed with exit code: ${exitCode}`);
  for (const line of output.split('\n').filter((text) => text !== '')) context.log('ERROR', line);
  return false;
}

/** The unit that the real one writes: `Restart=always`, no KillMode. */
export function unitText(executable: string, instance: string, user = 'root', dependency = ''): string {
  return [
    '[Unit]', 'Description=Octopus Tentacle', `After=network.target${dependency ? ` ${dependency}` : ''}`, '',
    '[Service]', 'Type=simple', `User=${user}`, `ExecStart=${executable} run --instance=${instance} --noninteractive`, 'Restart=always', '',
    '[Install]', 'WantedBy=multi-user.target', '',
  ].join('\n');
}

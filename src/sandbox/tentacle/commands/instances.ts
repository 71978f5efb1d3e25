import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from '../command.ts';
import { ControlledFailure } from '../failures.ts';
import { listInstances, registerInstance, unregisterInstance } from '../instances.ts';
import { valued } from '../options.ts';
import { Settings, writeSettings } from '../settings-file.ts';

/** `create-instance`: an index entry and a configuration file that holds `Octopus.Home`. Prints nothing. */
export function createInstance(): Command {
  let [name, config, home] = ['', '', ''];
  return {
    target: 'none',
    options: [valued('instance', (value) => { name = value; }), valued('config', (value) => { config = value; }), valued('home', (value) => { home = value; })],
    run(context) {
      const { host } = context;
      const instance = name || 'Tentacle';
      const path = resolve(host.cwd, config || join(host.root, 'etc', 'octopus', instance, 'Tentacle.config'));
      const homePath = resolve(host.cwd, home || dirname(path));
      mkdirSync(dirname(path), { recursive: true });
      mkdirSync(homePath, { recursive: true });
      if (!existsSync(path)) {
        const settings = new Settings();
        settings.set('Octopus.Home', homePath);
        writeSettings(path, settings);
        host.configurationWritten(path);
      }
      registerInstance(host.root, { name: instance, configurationFile: path });
    },
  };
}

export function deleteInstance(): Command {
  let name = '';
  return {
    target: 'none',
    options: [valued('instance', (value) => { name = value; })],
    run(context) {
      const known = listInstances(context.host.root).find((instance) => instance.name.toLowerCase() === (name || 'Tentacle').toLowerCase());
      if (!known) throw new ControlledFailure(`Instance ${name || 'Tentacle'} of Tentacle has not been configured on this machine. Available instances: ${listInstances(context.host.root).map((instance) => instance.name).join(', ')}.`);
      unregisterInstance(context.host.root, known.name);
      context.log('INFO', `Deleted instance: ${known.name}`);
    },
  };
}

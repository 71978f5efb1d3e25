import { existsSync, writeFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Command } from '../command.ts';
import { ControlledFailure, UnexpectedFailure } from '../failures.ts';
import { listInstances } from '../instances.ts';
import { valued } from '../options.ts';
import { capabilitiesOf } from '../version.ts';

/** `show-configuration`: JSON only, keys sorted, missing values null. What needs a server (`--server`) is not embedded. */
export function showConfiguration(): Command {
  let file = '';
  let server = '';
  return {
    target: 'instance',
    silent: true,
    options: [
      valued('file', (value) => { file = value; }),
      valued('server', (value) => { server = value; }),
      ...['space', 'apiKey', 'username|u|user', 'password|p', 'bearerToken'].map((names) => valued(names, () => undefined)),
    ],
    run(context) {
      if (server) throw new ControlledFailure('The embedded Tentacle supports show-configuration only without --server');
      const configuration = context.configuration();
      const count = configuration.get('Tentacle.Communication.PollingConnectionCount');
      const shown = {
        Octopus: { Home: configuration.home, Watchdog: { Enabled: false, Instances: '*', Interval: 0 } },
        Tentacle: {
          CertificateThumbprint: context.ownCertificate().load()?.thumbprint ?? null,
          Communication: { PollingConnectionCount: count === null ? null : Number(count), TrustedOctopusServers: configuration.trustedServers },
          Deployment: { ApplicationDirectory: configuration.applicationDirectory },
          Services: { ListenIP: configuration.listenIp, NoListen: configuration.noListen, PortNumber: configuration.port },
        },
      };
      const text = `${JSON.stringify(shown, null, 2)}\n`;
      if (!file) return context.print(text);
      if (isAbsolute(file) && !existsSync(file)) throw new UnexpectedFailure(`Could not find the drive '${file}'. The drive might not be ready or might not be mapped.`, 'System.IO.DriveNotFoundException');
      writeFileSync(resolve(context.host.cwd, file), text);
    },
  };
}

/** `show-thumbprint`: the Tentacle's own, without line end; an old one prints a banner and a sentence, and knows no --format. */
export function showThumbprint(version: string): Command {
  let [file, format] = ['', 'text'];
  const { printsBareThumbprint } = capabilitiesOf(version);
  return {
    target: 'instance',
    silent: printsBareThumbprint,
    options: [valued('e|export-file', (value) => { file = value; }), ...(printsBareThumbprint ? [valued('format', (value) => { format = value; })] : [])],
    run(context) {
      const thumbprint = context.ownCertificate().load()?.thumbprint ?? null;
      if (!printsBareThumbprint && !file) {
        context.log('INFO', `Octopus Deploy: Tentacle version ${version} (${version}) instance ${context.instanceName() ?? 'Default'}`);
        return context.log('INFO', `The thumbprint of this Tentacle is: ${thumbprint ?? ''}`);
      }
      const text = isJson(format) ? JSON.stringify({ Thumbprint: thumbprint }) : thumbprint ?? '';
      if (file) writeFileSync(resolve(context.host.cwd, file), text);
      else context.print(text);
    },
  };
}

export function listInstancesCommand(): Command {
  let format = 'text';
  return {
    target: 'none',
    options: [valued('format', (value) => { format = value; })],
    run(context) {
      const instances = listInstances(context.host.root);
      if (isJson(format)) context.print(JSON.stringify(instances.map(({ name, configurationFile }) => ({ InstanceName: name, ConfigurationFilePath: configurationFile })), null, 2));
      else if (instances.length === 0) context.log('INFO', 'No instances installed');
      else for (const { name, configurationFile } of instances) context.log('INFO', `Instance '${name}' uses configuration '${configurationFile}'.`);
    },
  };
}

function isJson(format: string): boolean {
  const wanted = format.toLowerCase();
  if (wanted !== 'json' && wanted !== 'text') throw new ControlledFailure(`The format '${format}' is not supported. Try text or json.`);
  return wanted === 'json';
}

import { isIP } from 'node:net';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command, CommandContext } from '../command.ts';
import { UnexpectedFailure } from '../failures.ts';
import { flag, valued } from '../options.ts';
import { addOrUpdate, passiveEntry } from '../trusted-servers.ts';

/** `configure`: trust is reset, removed, added, in this order; the other options follow in theirs (tentacle-trust.md section 2). */
export function configure(): Command {
  const toAdd: string[] = [];
  const toRemove: string[] = [];
  let reset = false;
  const operations: ((context: CommandContext) => void)[] = [];
  const setting = (names: string, apply: (context: CommandContext, value: string) => void) => valued(names, (value) => operations.push((context) => {
    apply(context, value);
    context.voteForRestart();
  }));

  return {
    target: 'instance',
    options: [
      setting('home|homedir', (context, value) => {
        const path = folder(context, value);
        context.configuration().set({ 'Octopus.Home': path });
        context.log('INFO', `Home directory set to: ${path}`);
      }),
      setting('app|appdir', (context, value) => {
        const path = folder(context, value);
        context.configuration().set({ 'Tentacle.Deployment.ApplicationDirectory': path });
        context.log('INFO', `Application directory set to: ${path}`);
      }),
      setting('port', (context, value) => {
        if (!/^\s*\d+\s*$/.test(value)) throw notParsed(value);
        context.configuration().set({ 'Tentacle.Services.PortNumber': String(Number(value)) });
        context.log('INFO', `Services listen port: ${value}`);
      }),
      setting('noListen', (context, value) => {
        const wanted = value.trim().toLowerCase();
        if (wanted !== 'true' && wanted !== 'false') throw new UnexpectedFailure(`String '${value}' was not recognized as a valid Boolean.`, 'System.FormatException');
        context.configuration().set({ 'Tentacle.Services.NoListen': wanted });
        context.log('INFO', wanted === 'true' ? 'Tentacle will not listen on a port' : 'Tentacle will listen on a TCP port');
      }),
      setting('listenIpAddress', (context, value) => {
        if (value.toLowerCase() === 'any') {
          context.configuration().set({ 'Tentacle.Services.ListenIP': '' });
          context.log('INFO', 'Listen on any IP address');
          return;
        }
        if (!isIP(value)) throw new UnexpectedFailure('An invalid IP address was specified.', 'System.FormatException');
        context.configuration().set({ 'Tentacle.Services.ListenIP': value });
        context.log('INFO', `Listen on IP address: ${value}`);
      }),
      setting('pollingConnectionCount', (context, value) => {
        if (!/^\s*\d+\s*$/.test(value)) throw notParsed(value);
        context.configuration().set({ 'Tentacle.Communication.PollingConnectionCount': String(Number(value)) });
        context.log('INFO', `Polling connection count: ${value}`);
      }),
      valued('trust', (value) => toAdd.push(value)),
      valued('remove-trust', (value) => toRemove.push(value)),
      flag('reset-trust', () => { reset = true; }),
    ],
    run(context) {
      const configuration = context.configuration();
      if ((reset || toRemove.length > 0 || toAdd.length > 0) && context.host.strikes('configureFails')) {
        throw new UnexpectedFailure(`The process cannot access the file '${configuration.path}' because it is being used by another process.`, 'System.IO.IOException');
      }
      if (reset) {
        context.log('INFO', 'Removing all trusted Octopus Servers...');
        configuration.trustedServers = [];
        context.voteForRestart();
      }
      if (toRemove.length > 0) {
        context.log('INFO', `Removing ${toRemove.length} trusted Octopus Servers`);
        for (const thumbprint of toRemove) {
          configuration.trustedServers = configuration.trustedServers.filter((server) => server.Thumbprint !== thumbprint);
          context.voteForRestart();
        }
      }
      if (toAdd.length > 0) {
        context.log('INFO', `Adding ${toAdd.length} trusted Octopus Servers`);
        for (const thumbprint of toAdd) {
          const entry = passiveEntry(thumbprint);
          configuration.trustedServers = addOrUpdate(configuration.trustedServers, entry);
          context.voteForRestart();
        }
      }
      for (const operation of operations) operation(context);
    },
  };
}

function folder(context: CommandContext, value: string): string {
  const path = resolve(context.host.cwd, value);
  mkdirSync(path, { recursive: true });
  return path;
}

function notParsed(value: string): UnexpectedFailure {
  return new UnexpectedFailure(`The input string '${value}' was not in a correct format.`, 'System.FormatException');
}

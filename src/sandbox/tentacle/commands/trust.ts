import type { Command } from '../command.ts';
import { ControlledFailure, UnexpectedFailure } from '../failures.ts';
import { flag, valued } from '../options.ts';
import { randomSubscription } from '../subscription.ts';
import { absoluteUri, addOrUpdate, parseStyle, passiveEntry, sameAddress, style, type TrustedServer } from '../trusted-servers.ts';

/** `update-trust`: matches without case, keeps address and subscription, succeeds when nothing matched. */
export function updateTrust(): Command {
  let [oldThumbprint, newThumbprint] = ['', ''];
  return {
    target: 'instance',
    options: [valued('oldThumbprint', (value) => { oldThumbprint = value; }), valued('newThumbprint', (value) => { newThumbprint = value; })],
    run(context) {
      if (oldThumbprint.trim() === '') throw new ControlledFailure('Please specify a thumbprint to replace, e.g., --oldThumbprint=VALUE');
      if (newThumbprint.trim() === '') throw new ControlledFailure('Please specify a new thumbprint to trust, e.g., --newThumbprint=VALUE');
      const configuration = context.configuration();
      context.log('INFO', `Updating Octopus servers thumbprint from ${oldThumbprint} to ${newThumbprint}`);
      context.log('INFO', `Finding existing Octopus Server registrations trusting the thumbprint ${oldThumbprint} and updating them to trust the thumbprint ${newThumbprint}:`);
      configuration.trustedServers = configuration.trustedServers.map((server) => {
        const named = `${kindOf(server)} ${server.Address ?? ''} ${server.Thumbprint}`;
        if (server.Thumbprint.toLowerCase() !== oldThumbprint.toLowerCase()) {
          context.log('INFO', `Ignoring ${named} - does not match old thumbprint`);
          return server;
        }
        context.log('INFO', `Updating ${named} - changing to trust ${newThumbprint}`);
        return { ...server, Thumbprint: newThumbprint };
      });
      context.voteForRestart();
    },
  };
}

function kindOf(server: TrustedServer): string {
  if (server.CommunicationStyle === style.active) return 'polling tentacle';
  if (server.CommunicationStyle === style.kubernetes) return `kubernetes tentacle (${server.Address === null ? 'listening' : 'polling'})`;
  return 'listening tentacle';
}

/** `server-comms`: how to speak with a server that is trusted already; a new random subscription where none fits. */
export function serverComms(): Command {
  let [thumbprint, wantedStyle, host, webSocket, port] = ['', '', '', '', '10943'];
  return {
    target: 'instance',
    options: [
      valued('thumbprint', (value) => { thumbprint = value; }),
      valued('style', (value) => { wantedStyle = value; }),
      valued('host', (value) => { host = value; }),
      valued('port', (value) => { port = value; }),
      valued('web-socket', (value) => { webSocket = value; }),
    ],
    run(context) {
      const configuration = context.configuration();
      const trusted = configuration.trustedServers;
      const distinct = [...new Set(trusted.map((server) => server.Thumbprint))];
      if (distinct.length === 0) throw new ControlledFailure('Before server communications can be modified, trust must be established with the configure command');
      if (thumbprint.trim() === '') {
        if (distinct.length !== 1) throw new ControlledFailure('More than one server is trusted; please provide the thumbprint of the server to configure, e.g. --thumbprint=...');
        thumbprint = distinct[0] as string;
      }
      const communication = parseStyle(wantedStyle);
      if (communication === undefined) throw new ControlledFailure('Please specify a valid communications style, e.g. --style=TentaclePassive');
      const servers = trusted.filter((server) => server.Thumbprint === thumbprint);
      if (servers.length === 0) throw new ControlledFailure('No trusted server was found with the supplied thumbprint');
      const changed = communication === style.active ? active(servers, thumbprint, activeAddress(host, port, webSocket)) : passive(servers, thumbprint);
      configuration.trustedServers = addOrUpdate(trusted, changed);
      context.voteForRestart();
      context.log('INFO', 'Updated server communications configuration');
    },
  };
}

function passive(servers: TrustedServer[], thumbprint: string): TrustedServer {
  return { ...(servers.find((server) => server.Address === null) ?? passiveEntry(thumbprint)), CommunicationStyle: style.passive };
}

function active(servers: TrustedServer[], thumbprint: string, address: string): TrustedServer {
  const base = servers.find((server) => sameAddress(server.Address, address))
    ?? servers.find((server) => server.CommunicationStyle === style.none)
    ?? passiveEntry(thumbprint);
  const polling = servers.find((server) => server.CommunicationStyle === style.active && server.SubscriptionId !== null);
  return { ...base, Address: address, CommunicationStyle: style.active, SubscriptionId: base.SubscriptionId ?? polling?.SubscriptionId ?? `poll://${randomSubscription()}/` };
}

function activeAddress(host: string, port: string, webSocket: string): string {
  if (host.trim() === '' && webSocket.trim() === '') throw new ControlledFailure('Please provide either the server hostname or websocket address, e.g. --host=OCTOPUS');
  if (host.trim() !== '' && webSocket.trim() !== '') throw new ControlledFailure('The hostname and websocket options cannot be used together');
  if (host.trim() !== '') return `https://${host}:${port}`;
  return webSocketAddress(webSocket);
}

function webSocketAddress(text: string): string {
  const address = absoluteUri(text);
  if (/^wss:/i.test(address)) return text;
  if (/^https:/i.test(address)) return address.replace(/^https/i, 'wss');
  throw new ControlledFailure('The websocket address must start with wss://');
}

/** `poll-server --reuse-server-thumbprint`: one more address for the first entry. Asking a server for its thumbprint is not embedded. */
export function pollServer(): Command {
  let [address, port, webSocket, reuse] = ['', '10943', '', false];
  let server = '';
  const ignored = ['apiKey', 'username|u|user', 'password|p', 'bearerToken', 'space'].map((names) => valued(names, () => undefined));
  return {
    target: 'instance',
    options: [
      valued('server', (value) => { server = value; }), ...ignored,
      valued('server-comms-address', (value) => { address = value; }),
      valued('server-comms-port', (value) => { port = value; }),
      valued('server-web-socket', (value) => { webSocket = value; }),
      flag('reuse-server-thumbprint', () => { reuse = true; }),
    ],
    run(context) {
      if (server.trim() === '') throw new ControlledFailure('Please specify an Octopus Server, e.g., --server=http://your-octopus-server');
      if (!reuse) throw new ControlledFailure('The embedded Tentacle supports poll-server only with --reuse-server-thumbprint');
      const configuration = context.configuration();
      const target = webSocket ? webSocketAddress(webSocket) : address || `https://${new URL(server).hostname}:${port}`;
      absoluteUri(target);
      const [first] = configuration.trustedServers;
      if (!first) throw new UnexpectedFailure('Sequence contains no elements', 'System.InvalidOperationException');
      configuration.trustedServers = addOrUpdate(configuration.trustedServers, {
        Thumbprint: first.Thumbprint, CommunicationStyle: first.CommunicationStyle, Address: target, Squid: null, SubscriptionId: first.SubscriptionId,
      });
      context.voteForRestart();
      context.log('INFO', 'Polling endpoint configured');
    },
  };
}

/** `clear-trusted-servers`: drops every entry whose address is not kept; throws on an entry without an address, says nothing. */
export function clearTrustedServers(): Command {
  let keep: string | undefined;
  return {
    target: 'instance',
    options: [valued('keep', (value) => { keep = value; })],
    run(context) {
      const configuration = context.configuration();
      const kept = keep === undefined ? [] : keep.split(',').map((text) => absoluteUri(text.trim()));
      const servers = configuration.trustedServers;
      if (servers.some((server) => server.Address === null)) {
        throw new UnexpectedFailure('Object reference not set to an instance of an object.', 'System.NullReferenceException');
      }
      configuration.trustedServers = servers.filter((server) => kept.some((address) => sameAddress(address, server.Address)));
    },
  };
}

import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { Bytes } from '../wire/bytes.ts';
import { decodeFrame, encodeFrame, greeting, next, proceed, serverIdentity, subscriberIdentity, type Call } from '../wire/frames.ts';
import { ConnectionLost } from './connection-lost.ts';
import { halibutPrefix, type LogFile, type LogLevel } from './log-file.ts';
import { pauseAfter } from './polling-pause.ts';
import { absoluteUri } from './trusted-servers.ts';

export interface PollerOptions {
  /** `https://host:port`, as found in the entry. */
  address: string;
  subscription: string;
  /** The entry's thumbprint: what the server presents must be exactly this, case included. */
  thumbprint: string;
  /** The Tentacle's own certificate, PFX without password, and its thumbprint. */
  pfx: Buffer;
  ownThumbprint: string;
  log: LogFile;
  handle(call: Call): Promise<unknown>;
  /** What pauses are divided by. */
  pauseFactor: number;
  /** Told when a server has been reached and when it is lost. */
  connected(is: boolean): void;
}

export interface Poller { stop(): void }

/** A failure that Halibut words itself: `Halibut client exception: ..`. */
class ClientException extends Error {}

const [requestTimeout, identityTimeout] = [600_000, 60_000];

/**
 * One polling loop of one entry: connects, checks the server's certificate against this entry alone, serves what the server
 * asks, and after any failure waits and tries again for ever (Halibut's PollingClient; tentacle-trust.md section 6).
 */
export function startPoller(options: PollerOptions): Poller {
  const uri = new URL(absoluteUri(options.address));
  const endpoint = absoluteUri(options.address);
  const log = (level: LogLevel, text: string) => options.log.write(level, halibutPrefix(endpoint, 9) + text, 9);
  const stopped = new AbortController();
  let current: TLSSocket | Socket | undefined;
  let failingSince: number | null = null;
  void loop();
  return {
    stop() {
      stopped.abort();
      current?.destroy();
    },
  };

  async function loop(): Promise<void> {
    while (!stopped.signal.aborted) {
      failingSince ??= Date.now();
      let failure: unknown;
      try {
        await transaction();
      } catch (error) {
        failure = error;
      }
      if (stopped.signal.aborted) return;
      const pause = pauseAfter((failingSince === null ? 0 : Date.now() - failingSince) * options.pauseFactor);
      const seconds = (pause / 1000).toFixed(1);
      const message = failure instanceof Error ? failure.message.replace(/\.+$/, '') : String(failure);
      if (failure instanceof ClientException) log('ERROR', `Halibut client exception: ${message}. Retrying in ${seconds} seconds`);
      else log('ERROR', `Exception in the polling loop. Retrying in ${seconds} seconds. This may be cause by a network error and usually rectifies itself. Disregard this message unless you are having communication problems. ${message}`);
      await rest(pause / options.pauseFactor, stopped.signal);
    }
  }

  /** One connection from its beginning to its end, which is always a failure: a server keeps its pollers. */
  async function transaction(): Promise<never> {
    log('DEBUG', `Opening a new connection to ${endpoint}`);
    const raw = await reached();
    const socket = connectTls({ socket: raw, pfx: options.pfx, passphrase: '', rejectUnauthorized: false, minVersion: 'TLSv1.2', ...(isIP(uri.hostname) ? {} : { servername: uri.hostname }) });
    current = socket;
    let identified = false;
    try {
      const stream = new Bytes(socket, endpoint);
      await stream.within(identityTimeout, 'connect', () => stream.secured());
      checkServer(socket);
      socket.setNoDelay(true);
      socket.write(Buffer.concat([greeting, subscriberIdentity(options.subscription)]));
      const identity = await stream.within(identityTimeout, 'identity', () => stream.exactly(serverIdentity.length, 'not-trusted'));
      if (!identity.equals(serverIdentity)) throw new Error('Expected the remote endpoint to identity as a server.');
      identified = true;
      failingSince = null;
      options.connected(true);
      for (;;) await serve(socket, stream);
    } catch (error) {
      if (error instanceof ClientException) throw error;
      throw lost(error);
    } finally {
      socket.destroy();
      if (identified) options.connected(false);
    }
  }

  function reached(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const raw = connectTcp({ host: uri.hostname, port: Number(uri.port || 443) });
      current = raw;
      raw.once('connect', () => {
        raw.removeAllListeners('error').on('error', () => undefined);
        resolve(raw);
      });
      raw.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ECONNREFUSED') return reject(new ClientException(`An error occurred when sending a request to '${endpoint}', before the request could begin: ${error.message}`));
        log('ERROR', `The remote host at ${endpoint} refused the connection. This may mean that the expected listening service is not running.`);
        return reject(new ClientException(`An error occurred when sending a request to '${endpoint}', after the request began: Connection refused`));
      });
    });
  }

  function checkServer(socket: TLSSocket): void {
    const peer = socket.getPeerCertificate();
    const thumbprint = peer.fingerprint?.replaceAll(':', '') ?? '';
    if (thumbprint === options.thumbprint) return;
    throw new ClientException(`An error occurred when sending a request to '${endpoint}', after the request began: The server at ${endpoint} presented an unexpected security certificate. `
      + `We expected the server to present a certificate with the thumbprint '${options.thumbprint}'. Instead, it presented a certificate with a thumbprint of '${thumbprint}' and subject 'CN=${String(peer.subject?.CN ?? '')}'. `
      + 'This usually happens when the client has been configured to expect the server to have the wrong certificate, or when the certificate on the server has been regenerated and the client has not been updated. '
      + 'It may also happen if someone is performing a man-in-the-middle attack on the remote machine, or if a proxy server is intercepting requests. Please check the certificate used on the server, and verify that the client has been configured correctly.');
  }

  async function serve(socket: TLSSocket, stream: Bytes): Promise<void> {
    const call = await stream.within(requestTimeout, 'request', () => stream.read((bytes) => {
      const received = decodeFrame(bytes);
      if (received.kind === 'incomplete') return undefined;
      if (received.kind === 'null-request') return { value: null, rest: Buffer.alloc(0) };
      if (received.kind === 'invalid') throw new Error('The server sent something that is not a request.');
      return { value: received.value as Call, rest: received.rest };
    }, 'dropped'));
    if (call !== null) {
      const answer = await options.handle(call).then((result) => ({ result: result ?? null }), (error: unknown) => {
        if (error instanceof ConnectionLost) throw error;
        return { error: error instanceof Error ? error.message : String(error) };
      });
      socket.write(encodeFrame(answer));
    }
    socket.write(next);
    const word = await stream.exactly(proceed.length, 'dropped');
    if (!word.equals(proceed)) throw new Error(`Expected PROCEED, got: ${word.toString('latin1').trim()}`);
  }

  /** Halibut's words for a connection that ended: a refused certificate and a server that stops look alike. */
  function lost(error: unknown): ClientException {
    const message = error instanceof Error ? error.message : String(error);
    if (/ECONNRESET|EPIPE/.test(message)) {
      log('ERROR', `The remote host at ${endpoint} reset the connection. This may mean that the expected listening service does not trust the thumbprint ${options.ownThumbprint} or was shut down.`);
      return new ClientException(`The server ${endpoint} aborted the connection before it was fully established. This usually means that the server rejected the certificate that we provided. We provided a certificate with a thumbprint of '${options.ownThumbprint}'`);
    }
    log('ERROR', 'Unexpected exception executing transaction.');
    return new ClientException(`An error occurred when sending a request to '${endpoint}', after the request began: Unable to read data from the transport connection: the connection was closed`);
  }
}

function rest(milliseconds: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    stopped.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      stopped.removeEventListener('abort', done);
      resolve();
    }
  });
}

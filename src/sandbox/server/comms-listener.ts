import { createServer, type Server, type TLSSocket } from 'node:tls';
import { Bytes } from '../wire/bytes.ts';
import { decodeFrame, encodeFrame, next, nullRequest, proceed, serverIdentity, type Answer } from '../wire/frames.ts';
import { TentacleUnreachable } from '../wire/unreachable.ts';
import type { PollingQueues, PollingRequest } from './polling-queues.ts';
import type { ServerLog } from './server-log.ts';
import type { CertificateInForce } from './tasks/engine-seam.ts';

const pageBody = '<!DOCTYPE html>\n<html><head><title>Octopus Server</title></head><body><h1>Octopus Server configured successfully</h1><p>If you can view this page, your Octopus Server is configured and ready to communicate with Tentacles.</p></body></html>';
const page = `HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(pageBody)}\r\n\r\n${pageBody}`;

/** Most characters of a first request before the listener judges it (Halibut's SecureListener). */
const maximumRequest = 20_000;

/** Halibut's PollingQueueWaitTimeout: an idle poller gets a null request this often. */
const idleMs = 30_000;

/** After how long Halibut notices that a client broke off before it said anything (tentacle-trust.md section 6, option A). */
const brokenOffMs = 60_000;

export interface CommsOptions {
  port: number;
  /** Presented as long as the process runs, whatever is imported meanwhile. */
  certificate: CertificateInForce;
  queues: PollingQueues;
  log: Pick<ServerLog, 'write'>;
  /** Whether a Tentacle with exactly this thumbprint is registered now. */
  isRegistered(thumbprint: string): boolean;
  /** What the pauses of polling are divided by. */
  pauseFactor: number;
  /** Told of every poller that is let in, and when it is gone. */
  poller(event: 'polling-connected' | 'polling-lost', detail: { subscription: string; thumbprint: string }): void;
}

/**
 * The communications port of a server: presents the certificate in force, answers text that is no Halibut greeting with the
 * page, closes without a byte on whoever is not registered, and serves pollers from the queue of their subscription
 * (tentacle-trust.md sections 6 to 8).
 */
export async function listenForTentacles(options: CommsOptions): Promise<Server> {
  const { certificate, port } = options;
  const server = createServer({ key: certificate.keyPem, cert: certificate.certificatePem, requestCert: true, rejectUnauthorized: false }, (socket: TLSSocket) => {
    void converse(socket, options).catch(() => undefined).finally(() => socket.destroy());
  });
  server.on('tlsClientError', (error, socket) => {
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') brokenOff(clientName(socket), options);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return server;
}

function clientName(socket: TLSSocket): string {
  return `[::ffff:${socket.remoteAddress ?? '?'}]:${socket.remotePort ?? '?'}`;
}

/** A poller that does not like this server's certificate breaks off in the handshake, or right after it. */
function brokenOff(client: string, { log, pauseFactor }: CommsOptions): void {
  setTimeout(() => log.write('ERROR', `Socket IO exception: ${client}`), brokenOffMs / pauseFactor).unref();
}

async function converse(socket: TLSSocket, options: CommsOptions): Promise<void> {
  const client = clientName(socket);
  const stream = new Bytes(socket, client);
  socket.setTimeout(60_000, () => socket.destroy());
  const presented = socket.getPeerCertificate().fingerprint?.replaceAll(':', '');
  const request = await stream.read(greetingOf, 'dropped').catch((error: unknown) => {
    // Whoever only reads the certificate presents none.
    if (presented) brokenOff(client, options);
    throw error;
  });
  if (!request.startsWith('MX')) return ended(socket, page);
  // Both refusals are a close without a byte; Halibut writes them at Debug, which is not shown.
  if (!presented || !options.isRegistered(presented)) return ended(socket);
  options.log.write('INFO', `Client at ${client} authenticated as ${presented}`);
  socket.setTimeout(0);
  const line = await stream.read(identityOf, 'dropped');
  socket.write(serverIdentity);
  const subscription = /^MX-SUBSCRIBER \d+\.\d+ (\S+)$/.exec(line)?.[1];
  // Nobody calls an embedded server; whoever is not a subscriber only learns that he is trusted.
  if (subscription === undefined) return ended(socket);
  await serve(socket, stream, subscription, presented, options);
}

/** Everything up to the blank line, carriage returns ignored. */
function greetingOf(bytes: Buffer): { value: string; rest: Buffer } | undefined {
  const text = bytes.toString('latin1');
  const blank = /\r*\n\r*\n/.exec(text);
  if (!blank && text.length < maximumRequest) return undefined;
  const end = blank ? blank.index + blank[0].length : maximumRequest;
  return { value: text.slice(0, end), rest: bytes.subarray(end) };
}

/** The identity line and an empty line; here only CRLF ends a line. */
function identityOf(bytes: Buffer): { value: string; rest: Buffer } | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  return end < 0 ? undefined : { value: bytes.subarray(0, end).toString('latin1'), rest: bytes.subarray(end + 4) };
}

async function ended(socket: TLSSocket, answer = ''): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.resume();
    if (answer === '') socket.end();
    else socket.end(answer);
  });
}

/** Hands the requests of one subscription to one poller, until either end closes the connection. */
async function serve(socket: TLSSocket, stream: Bytes, subscription: string, thumbprint: string, options: CommsOptions): Promise<void> {
  const gone = new AbortController();
  socket.once('end', () => gone.abort()).once('close', () => gone.abort());
  options.poller('polling-connected', { subscription, thumbprint });
  try {
    while (!gone.signal.aborted) {
      const request = await options.queues.next(subscription, idleMs, gone.signal);
      if (gone.signal.aborted && request === null) return;
      if (request?.call === null) request.resolve({ result: null });
      else await exchange(socket, stream, request);
    }
  } finally {
    options.poller('polling-lost', { subscription, thumbprint });
  }
}

async function exchange(socket: TLSSocket, stream: Bytes, request: PollingRequest | null): Promise<void> {
  try {
    socket.write(request?.call ? encodeFrame(request.call) : nullRequest);
    if (request !== null) request.resolve(await stream.read(answerOf, 'dropped'));
  } catch (error) {
    request?.reject(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
  const word = await stream.exactly(next.length, 'dropped');
  if (!word.equals(next)) throw new TentacleUnreachable('protocol', `Expected NEXT, got: ${word.toString('latin1').trim()}`);
  socket.write(proceed);
}

function answerOf(bytes: Buffer): { value: Answer; rest: Buffer } | undefined {
  const received = decodeFrame(bytes);
  if (received.kind === 'incomplete') return undefined;
  if (received.kind !== 'frame') throw new TentacleUnreachable('protocol', 'The Tentacle answered with something that is not an answer.');
  return { value: received.value as Answer, rest: received.rest };
}

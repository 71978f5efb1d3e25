import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { decodeFrame, encodeFrame, serverIdentity, type Call } from '../wire/frames.ts';
import { ConnectionLost } from './connection-lost.ts';
import { halibutPrefix, type LogFile, type LogLevel } from './log-file.ts';

export interface ListenerOptions {
  port: number;
  /** As the log names it: `[::]:10933`. The socket is bound to 127.0.0.1 whatever this says. */
  endpoint: string;
  pfx: Buffer;
  /** The thumbprints that were trusted when the agent started. */
  trusted: string[];
  log: LogFile;
  handle(call: Call): Promise<unknown>;
  dropConnections(): boolean;
  /** Told of every client that was let in. */
  authenticated?(thumbprint: string): void;
}

const page = '<!DOCTYPE html>\n<html>\n<head>\n<title>Octopus Tentacle</title>\n</head>\n<body>\n<h1>Octopus Tentacle configured successfully</h1>\n</body>\n</html>\n';
const longestRequest = 20_000;
const idleMs = 600_000;

/** Halibut's listener, as an Octopus Server and a trust probe see it (tentacle-trust.md sections 7 and 9). Rejects when the port is taken. */
export function listen(options: ListenerOptions): Promise<Server> {
  const trusted = new Set(options.trusted.map((thumbprint) => thumbprint.toLowerCase()));
  let connections = 0;
  const names = new WeakMap<Socket, string>();
  const server = createServer({ pfx: options.pfx, passphrase: '', requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' });
  const write = (level: LogLevel, thread: number, text: string) => options.log.write(level, halibutPrefix(`listen://${options.endpoint}/`, thread) + text, thread);

  server.prependListener('connection', (socket) => {
    names.set(socket, clientName(socket));
    write('INFO', 5, `Accepted TCP client: ${clientName(socket)}`);
    if (options.dropConnections()) socket.destroy();
  });
  server.on('tlsClientError', (error, socket) => {
    const { code, syscall } = error as NodeJS.ErrnoException;
    // By now the TLS socket has forgotten its peer. The TCP socket under it is not in the type definitions.
    const client = names.get((socket as unknown as { _parent: Socket })._parent) ?? clientName(socket);
    if (code !== 'ECONNRESET') write('INFO', 5, `Client at ${client} failed authentication: ${error.message}`);
    else if (syscall === 'read') write('ERROR', 5, `Socket IO exception: ${client}\nSystem.Net.Sockets.SocketException (104): Connection reset by peer`);
    // An orderly end before the handshake was over: a bare TCP connect does this.
    else write('ERROR', 5, `Unhandled error when handling request from client: ${client}\nSystem.IO.IOException: Received an unexpected EOF or 0 bytes from the transport stream.`);
  });
  server.on('secureConnection', (socket) => {
    connections += 1;
    const thread = 5 + (connections % 20);
    new Session(socket, trusted, options, (level, text) => write(level, thread, text));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => resolve(server));
  });
}

function clientName(socket: { remoteAddress?: string | undefined; remotePort?: number | undefined }): string {
  return `[::ffff:${socket.remoteAddress ?? '?'}]:${socket.remotePort ?? '?'}`;
}

/** One connection, from the greeting to its end. */
class Session {
  private readonly socket: TLSSocket;
  private readonly trusted: Set<string>;
  private readonly options: Pick<ListenerOptions, 'handle' | 'authenticated'>;
  private readonly log: (level: LogLevel, text: string) => void;
  private readonly client: string;
  private phase: 'greeting' | 'identity' | 'calls' | 'over' = 'greeting';
  private bytes: Buffer = Buffer.alloc(0);
  private busy = false;

  constructor(socket: TLSSocket, trusted: Set<string>, options: Pick<ListenerOptions, 'handle' | 'authenticated'>, log: (level: LogLevel, text: string) => void) {
    this.socket = socket;
    this.trusted = trusted;
    this.options = options;
    this.log = log;
    this.client = clientName(socket);
    socket.setNoDelay(true);
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      if (this.phase === 'over') return;
      this.bytes = Buffer.concat([this.bytes, chunk]);
      this.advance(false);
    });
    socket.on('error', (error) => this.disturbed(error));
    socket.on('end', () => this.ended());
  }

  private advance(atEnd: boolean): void {
    if (this.phase === 'greeting') this.greet(atEnd);
    if (this.phase === 'identity') this.identify();
    if (this.phase === 'calls') void this.serve();
  }

  /** Reads to the blank line, carriage returns ignored, and judges. */
  private greet(atEnd: boolean): void {
    const text = this.bytes.toString('latin1');
    const blank = /\r*\n\r*\n/.exec(text);
    if (!blank && text.length < longestRequest && !atEnd) return;
    const end = blank ? blank.index + blank[0].length : Math.min(text.length, longestRequest);
    this.bytes = this.bytes.subarray(end);
    if (text.length === 0) {
      this.log('TRACE', 'Ignoring empty request');
      return this.finish();
    }
    if (!text.startsWith('MX')) {
      return this.finish(`HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(page)}\r\n\r\n${page}`);
    }
    const thumbprint = this.socket.getPeerCertificate().fingerprint?.replaceAll(':', '');
    if (!thumbprint) {
      this.log('DEBUG', `A client at ${this.client} connected, and attempted a message exchange, but did not present a client certificate`);
      return this.finish();
    }
    if (!this.trusted.has(thumbprint.toLowerCase())) {
      this.log('DEBUG', `A client at ${this.client} connected, and attempted a message exchange, but it presented a client certificate with the thumbprint '${thumbprint}' which is not in the list of thumbprints that we trust`);
      return this.finish();
    }
    this.log('INFO', `Client at ${this.client} authenticated as ${thumbprint}`);
    this.options.authenticated?.(thumbprint);
    this.phase = 'identity';
  }

  /** The identity line and an empty line; here only CRLF ends a line. */
  private identify(): void {
    const end = this.bytes.indexOf('\r\n\r\n');
    if (end < 0) return;
    const line = this.bytes.subarray(0, end).toString('latin1');
    this.bytes = this.bytes.subarray(end + 4);
    if (!/^MX-CLIENT \d+\.\d+$/.test(line)) return this.fail(`Halibut.Transport.Protocol.ProtocolException: Unable to receive the remote identity; the identity line was '${line}'`);
    this.socket.write(serverIdentity);
    this.phase = 'calls';
  }

  private async serve(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    while (this.phase === 'calls') {
      const received = decodeFrame(this.bytes);
      if (received.kind === 'incomplete') break;
      if (received.kind === 'null-request') this.finish();
      else if (received.kind === 'invalid') this.fail('System.IO.InvalidDataException: The archive entry was compressed using an unsupported compression method.');
      else {
        this.bytes = received.rest;
        const answer = await this.options.handle(received.value as Call).then((result) => ({ result: result ?? null }), (error: unknown) => (error instanceof ConnectionLost ? null : { error: error instanceof Error ? error.message : String(error) }));
        if (answer === null) this.lose();
        else if (!this.socket.destroyed) this.socket.write(encodeFrame(answer));
      }
    }
    this.busy = false;
  }

  private lose(): void {
    this.phase = 'over';
    this.socket.destroy();
  }

  private ended(): void {
    if (this.phase === 'greeting') this.advance(true);
    if (this.phase === 'identity' || this.phase === 'calls') this.fail('System.IO.EndOfStreamException: Attempted to read past the end of the stream.');
  }

  private disturbed(error: Error): void {
    if (this.phase === 'over') return;
    const code = (error as NodeJS.ErrnoException).code ?? error.message;
    if (this.phase === 'greeting') this.log('ERROR', `Socket IO exception: ${this.client}: ${code}`);
    else this.log('ERROR', `Unhandled error when handling request from client: ${this.client}: System.IO.IOException: ${code}`);
    this.phase = 'over';
    this.socket.destroy();
  }

  private fail(exception: string): void {
    this.log('ERROR', `Unhandled error when handling request from client: ${this.client}: ${exception}`);
    this.finish();
  }

  private finish(answer = ''): void {
    this.phase = 'over';
    if (answer) this.socket.end(answer);
    else this.socket.end();
  }
}

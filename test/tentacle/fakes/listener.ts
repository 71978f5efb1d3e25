import { createHash } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { inflateRawSync } from 'node:zlib';

const BLANK_LINE = /\r?\n\r?\n/;
const IDENTITY = /^MX-CLIENT (\d+\.\d+)\r\n\r\n/;
const NULL_DOCUMENT = Buffer.from('0E0000000A4D6573736167650000', 'hex');

/** What a listening Tentacle does on the wire and writes to its log: tentacle-trust.md sections 7, 9 and 10. */
export class Listener {
  readonly errors: string[] = [];
  readonly endings: ('null-request' | 'refused' | 'empty' | 'page')[] = [];
  readonly identityChunks: string[] = [];
  private readonly server: Server;

  private constructor(identity: { key: string; cert: string }, private readonly trusted: Set<string>, options: TlsOptions, private readonly behaviour: { answer?: string; silent?: boolean }) {
    this.server = createTlsServer({ ...identity, requestCert: true, rejectUnauthorized: false, ...options }, (socket) => this.serve(socket));
    this.server.on('tlsClientError', () => undefined);
  }

  static async start(identity: { key: string; cert: string }, trusted: string[], options: TlsOptions = {}, behaviour: { answer?: string; silent?: boolean } = {}): Promise<Listener> {
    const listener = new Listener(identity, new Set(trusted), options, behaviour);
    await new Promise<void>((resolve) => listener.server.listen(0, '127.0.0.1', resolve));
    return listener;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private serve(socket: TLSSocket): void {
    let received = Buffer.alloc(0);
    let stage: 'hello' | 'identity' | 'request' | 'over' = 'hello';
    const end = (ending: Listener['endings'][number]) => {
      stage = 'over';
      this.endings.push(ending);
      socket.end();
    };
    const failed = (text: string) => {
      if (stage === 'over') return;
      stage = 'over';
      this.errors.push(text);
      socket.destroy();
    };
    socket.on('error', (error) => failed(error.message));
    socket.on('end', () => {
      if (stage === 'hello' && received.length === 0) end('empty');
      else failed(`EndOfStreamException while waiting for ${stage}`);
    });
    socket.on('close', () => failed('the connection was cut'));
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      const text = received.toString('latin1');
      if (stage === 'hello' && BLANK_LINE.test(text)) {
        const rest = text.slice(text.search(BLANK_LINE)).replace(BLANK_LINE, '');
        received = Buffer.from(rest, 'latin1');
        if (!text.startsWith('MX')) {
          socket.write('HTTP/1.0 200 OK\r\n\r\n<html><h1>Octopus Tentacle configured successfully</h1></html>');
          return end('page');
        }
        if (this.behaviour.silent) return;
        if (this.behaviour.answer !== undefined) {
          socket.write(this.behaviour.answer);
          return end('page');
        }
        const raw = socket.getPeerCertificate()?.raw as Buffer | undefined;
        if (!raw || !this.trusted.has(createHash('sha1').update(raw).digest('hex').toUpperCase())) return end('refused');
        stage = 'identity';
      }
      if (stage === 'identity' && received.length > 0) {
        if (bytes.includes('MX-CLIENT')) this.identityChunks.push(bytes.toString('latin1').replace(/^MX\r\n\r\n/, ''));
        if (!IDENTITY.test(received.toString('latin1'))) return;
        received = Buffer.alloc(0);
        stage = 'request';
        socket.write('MX-SERVER 1.0\r\n\r\n');
        return;
      }
      if (stage === 'request') {
        try {
          if (inflateRawSync(received).equals(NULL_DOCUMENT)) end('null-request');
          else failed('a real request');
        } catch {
          failed('The archive entry was compressed using an unsupported compression method.');
        }
      }
    });
  }
}

/** A plain TCP service that does with each connection what it is told. */
export async function plainService(serve: (socket: Socket) => void): Promise<{ port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    }),
  };
}

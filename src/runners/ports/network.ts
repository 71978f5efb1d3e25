import { createHash } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { Thumbprint } from '../../certificates/thumbprint.ts';
import type { Network, TlsConnection } from '../../ports/network.ts';

/** For peers such as Windows 2012 R2 that offer nothing newer (tentacle-trust.md section 7, TLS settings). */
const LEGACY: ConnectionOptions = {
  ciphers: 'DEFAULT@SECLEVEL=0',
  minVersion: 'TLSv1',
  sigalgs: 'ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA384:RSA+SHA384:RSA-PSS+SHA512:RSA+SHA512:RSA+SHA1:ECDSA+SHA1',
};
/** A peer that never closes after our orderly end is let go after this. */
const LINGER_MS = 60_000;

/** TCP and TLS of this process. */
export function createNetwork(): Network {
  return { reach, tls, get ownAddresses() { return ownAddresses(); } };
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []).filter(({ address }) => !address.startsWith('fe80:'));
  return [...all].sort((a, b) => Number(a.internal) - Number(b.internal)).map(({ address }) => address);
}

function reach(host: string, port: number, timeoutMs: number): Promise<{ reached: true } | { reached: false; code: string }> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve({ reached: false, code: 'ETIMEDOUT' });
    }, timeoutMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve({ reached: true });
      leave(socket, timeoutMs);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve({ reached: false, code: codeOf(error) });
    });
  });
}

/**
 * Goes by a TLS handshake that ends in order: a Tentacle logs an Error for a connection that ends before (A36; run on the real one).
 * Whatever does not speak TLS is let go after `timeoutMs`.
 */
function leave(socket: Socket, timeoutMs: number): void {
  const secured = connectTls({ socket, rejectUnauthorized: false, ...LEGACY });
  const timer = setTimeout(() => secured.destroy(), timeoutMs);
  secured.once('secureConnect', () => {
    secured.end();
    secured.resume();
  });
  secured.on('error', () => undefined).once('close', () => {
    clearTimeout(timer);
    socket.destroy();
  });
}

function tls(options: Parameters<Network['tls']>[0]): Promise<TlsConnection> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host: options.host,
      port: options.port,
      rejectUnauthorized: false,
      ...(isIP(options.host) === 0 ? { servername: options.host } : {}),
      ...(options.identity ? { key: options.identity.keyPem, cert: options.identity.certificatePem } : {}),
      ...(options.legacy ? LEGACY : {}),
    });
    socket.setNoDelay(true);
    // Listens from the first moment on, so that nothing that arrives with the handshake is lost.
    const connection = new Connection(socket);
    const timer = setTimeout(() => {
      socket.destroy();
      reject(failure('ETIMEDOUT', 'No TLS connection in time.'));
    }, options.timeoutMs);
    const failed = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.removeListener('error', failed);
      if (connection.identify()) resolve(connection);
      else void connection.end(1_000).then(() => reject(failure('NO_PEER_CERTIFICATE', 'The peer shows no certificate.')));
    });
  });
}

type Piece = Awaited<ReturnType<TlsConnection['read']>>;

class Connection implements TlsConnection {
  peerThumbprint = '' as Thumbprint;
  peerCertificate: Uint8Array = new Uint8Array();
  private readonly socket: TLSSocket;
  private readonly arrived: Piece[] = [];
  private waiting: ((piece: Piece) => void) | null = null;
  private over: Piece | null = null;
  private readonly closed: Promise<void>;

  constructor(socket: TLSSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (bytes: Buffer) => this.arrive({ kind: 'data', bytes }));
    socket.once('end', () => this.finish({ kind: 'end' }));
    socket.on('error', (error: NodeJS.ErrnoException) => this.finish({ kind: 'error', code: codeOf(error) }));
    socket.once('close', () => this.finish({ kind: 'end' }));
  }

  identify(): boolean {
    const raw = this.socket.getPeerCertificate()?.raw as Buffer | undefined;
    if (raw === undefined) return false;
    this.peerCertificate = raw;
    this.peerThumbprint = createHash('sha1').update(raw).digest('hex').toUpperCase() as Thumbprint;
    return true;
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  read(timeoutMs: number): Promise<Piece> {
    const next = this.arrived.shift() ?? this.over;
    if (next) return Promise.resolve(next);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting = null;
        reject(failure('ETIMEDOUT', 'Nothing arrived in time.'));
      }, timeoutMs);
      this.waiting = (piece) => {
        clearTimeout(timer);
        resolve(piece);
      };
    });
  }

  async end(timeoutMs: number): Promise<void> {
    this.socket.end();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.closed, new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)))]);
    clearTimeout(timer);
    this.socket.setTimeout(LINGER_MS, () => this.socket.destroy());
    this.socket.unref();
  }

  private arrive(piece: Piece): void {
    const waiting = this.waiting;
    this.waiting = null;
    if (waiting) waiting(piece);
    else this.arrived.push(piece);
  }

  /** The first ending counts; the close after it says nothing new. */
  private finish(piece: Piece): void {
    if (this.over) return;
    this.over = piece;
    const waiting = this.waiting;
    this.waiting = null;
    waiting?.(piece);
  }
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function codeOf(error: NodeJS.ErrnoException): string {
  return error.code ?? 'UNKNOWN';
}

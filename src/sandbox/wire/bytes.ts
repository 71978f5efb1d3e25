import type { TLSSocket } from 'node:tls';
import { TentacleUnreachable, type UnreachableReason } from './unreachable.ts';

/** A TLS socket as bytes to be waited for. One reader at a time. */
export class Bytes {
  private readonly socket: TLSSocket;
  private readonly where: string;
  private received: Buffer = Buffer.alloc(0);
  private failure: Error | undefined;
  private ended = false;
  private secure = false;
  private wake: () => void = () => undefined;

  constructor(socket: TLSSocket, where: string) {
    this.socket = socket;
    this.where = where;
    socket.on('secureConnect', () => { this.secure = true; this.wake(); });
    socket.on('data', (chunk: Buffer) => { this.received = Buffer.concat([this.received, chunk]); this.wake(); });
    socket.on('error', (error) => { this.failure ??= error; this.wake(); });
    socket.on('end', () => { this.ended = true; this.wake(); });
    socket.on('close', () => { this.ended = true; this.wake(); });
  }

  async secured(): Promise<void> {
    while (!this.secure) {
      if (this.failure) throw this.describe('refused');
      if (this.ended) throw new TentacleUnreachable('dropped', `The connection to ${this.where} was closed before it was secure.`);
      await this.change();
    }
  }

  /** Reads what `take` finds in the bytes so far. `whenEnded` says what an end without a byte means now. */
  async read<T>(take: (bytes: Buffer) => { value: T; rest: Buffer } | undefined, whenEnded: UnreachableReason): Promise<T> {
    for (;;) {
      const found = take(this.received);
      if (found) {
        this.received = found.rest;
        return found.value;
      }
      if (this.failure || this.ended) {
        throw this.received.length === 0 ? this.describe(whenEnded) : new TentacleUnreachable('protocol', `The service at ${this.where} closed the connection in the middle of an answer.`);
      }
      await this.change();
    }
  }

  /** Exactly so many bytes. */
  exactly(length: number, whenEnded: UnreachableReason): Promise<Buffer> {
    return this.read((bytes) => (bytes.length >= length ? { value: bytes.subarray(0, length), rest: bytes.subarray(length) } : undefined), whenEnded);
  }

  async within<T>(timeoutMs: number, what: string, work: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new TentacleUnreachable('timeout', `The service at ${this.where} did not answer within ${timeoutMs} ms (${what}).`)), timeoutMs);
    });
    try {
      return await Promise.race([work(), expired]);
    } finally {
      clearTimeout(timer);
    }
  }

  private change(): Promise<void> {
    return new Promise((resolve) => { this.wake = resolve; });
  }

  private describe(reason: UnreachableReason): TentacleUnreachable {
    const code = (this.failure as NodeJS.ErrnoException | undefined)?.code;
    if (reason === 'not-trusted') return new TentacleUnreachable('not-trusted', `The service at ${this.where} closed the connection without an answer. It probably does not trust this server's certificate.`);
    if (reason === 'refused' && code === 'ECONNREFUSED') return new TentacleUnreachable('refused', `An error occurred when sending a request to '${this.where}', before the request could begin: Connection refused`);
    return new TentacleUnreachable(reason === 'refused' && code === 'ECONNRESET' ? 'dropped' : reason, `The connection to ${this.where} failed: ${code ?? this.failure?.message ?? 'closed by the other end'}`);
  }
}

import { connect, type TLSSocket } from 'node:tls';
import type { ConnectToTentacle, TentacleConnection, ScriptStatus } from './contract.ts';
import { clientIdentity, decodeFrame, encodeFrame, greeting, nullRequest, serverIdentity, type Answer, type Call } from './frames.ts';

/** Why a Tentacle could not be spoken with. */
export type UnreachableReason = 'refused' | 'timeout' | 'wrong-peer' | 'not-trusted' | 'dropped' | 'protocol';

export class TentacleUnreachable extends Error {
  override name = 'TentacleUnreachable';
  readonly reason: UnreachableReason;

  constructor(reason: UnreachableReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Connects as an Octopus Server does: TLS with its certificate, the Tentacle's thumbprint compared exactly before a byte is
 * sent, then the `MX` exchange (tentacle-trust.md section 7). `timeoutMs` covers the connection and, again, each call.
 * @throws TentacleUnreachable
 */
export const connectToTentacle: ConnectToTentacle = async (options) => {
  const where = `https://${options.host}:${options.port}/`;
  const socket = connect({
    host: options.host, port: options.port, key: options.keyPem, cert: options.certificatePem,
    rejectUnauthorized: false, minVersion: 'TLSv1.2',
  });
  const stream = new Bytes(socket, where);
  try {
    await stream.within(options.timeoutMs, 'connect', () => stream.secured());
    const peer = socket.getPeerCertificate().fingerprint?.replaceAll(':', '') ?? '';
    if (peer !== options.expectedThumbprint) {
      throw new TentacleUnreachable('wrong-peer', `An error occurred when sending a request to '${where}', before the request could begin: We expected the server to present a certificate with the thumbprint '${options.expectedThumbprint}'. Instead, it presented a certificate with a thumbprint of '${peer}'.`);
    }
    socket.setNoDelay(true);
    socket.write(Buffer.concat([greeting, clientIdentity]));
    await stream.within(options.timeoutMs, 'identity', async () => {
      const identity = await stream.read((bytes) => (bytes.length >= serverIdentity.length ? { value: bytes.subarray(0, serverIdentity.length), rest: bytes.subarray(serverIdentity.length) } : undefined), 'not-trusted');
      if (!identity.equals(serverIdentity)) throw new TentacleUnreachable('protocol', `The service at ${where} did not identify itself as a Tentacle.`);
    });
  } catch (error) {
    // An orderly end, so that the Tentacle has nothing to log beyond a trace.
    socket.end();
    socket.once('end', () => socket.destroy()).on('error', () => undefined).setTimeout(1000, () => socket.destroy());
    throw error;
  }
  return new Connection(socket, stream, options.timeoutMs);
};

/** A socket as bytes to be waited for. */
class Bytes {
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

class Connection implements TentacleConnection {
  private readonly socket: TLSSocket;
  private readonly stream: Bytes;
  private readonly timeoutMs: number;
  private last: Promise<unknown> = Promise.resolve();

  constructor(socket: TLSSocket, stream: Bytes, timeoutMs: number) {
    this.socket = socket;
    this.stream = stream;
    this.timeoutMs = timeoutMs;
  }

  about() { return this.call<Awaited<ReturnType<TentacleConnection['about']>>>({ operation: 'about' }); }
  async startScript(request: Parameters<TentacleConnection['startScript']>[0]) { await this.call({ operation: 'startScript', request }); }
  getStatus(ticket: string, afterSequence: number) { return this.call<ScriptStatus>({ operation: 'getStatus', ticket, afterSequence }); }
  async cancelScript(ticket: string) { await this.call({ operation: 'cancelScript', ticket }); }
  async completeScript(ticket: string) { await this.call({ operation: 'completeScript', ticket }); }

  async close(): Promise<void> {
    await this.last.catch(() => undefined);
    if (this.socket.destroyed || this.socket.readableEnded) return void this.socket.destroy();
    const closed = new Promise<void>((resolve) => { this.socket.once('close', () => resolve()); });
    this.socket.end(nullRequest);
    this.socket.setTimeout(2000, () => this.socket.destroy());
    await closed;
  }

  /** One call at a time on a connection, as Halibut does. */
  private call<T>(call: Call): Promise<T> {
    const answered = this.last.catch(() => undefined).then(() => this.exchange<T>(call));
    this.last = answered;
    return answered;
  }

  private async exchange<T>(call: Call): Promise<T> {
    if (!this.socket.destroyed) this.socket.write(encodeFrame(call));
    const answer = await this.stream.within(this.timeoutMs, call.operation, () => this.stream.read((bytes) => {
      const received = decodeFrame(bytes);
      if (received.kind === 'incomplete') return undefined;
      if (received.kind !== 'frame') throw new TentacleUnreachable('protocol', 'The Tentacle answered with something that is not an answer.');
      return { value: received.value as Answer, rest: received.rest };
    }, 'dropped'));
    if ('error' in answer) throw new Error(answer.error);
    return answer.result as T;
  }
}

import { connect, type TLSSocket } from 'node:tls';
import { Bytes } from './bytes.ts';
import { Caller } from './caller.ts';
import type { ConnectToTentacle } from './contract.ts';
import { clientIdentity, decodeFrame, encodeFrame, greeting, nullRequest, serverIdentity, type Answer, type Call } from './frames.ts';
import { TentacleUnreachable } from './unreachable.ts';

export { TentacleUnreachable, type UnreachableReason } from './unreachable.ts';

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
      const identity = await stream.exactly(serverIdentity.length, 'not-trusted');
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

class Connection extends Caller {
  private readonly socket: TLSSocket;
  private readonly stream: Bytes;
  private readonly timeoutMs: number;

  constructor(socket: TLSSocket, stream: Bytes, timeoutMs: number) {
    super();
    this.socket = socket;
    this.stream = stream;
    this.timeoutMs = timeoutMs;
  }

  protected override async end(): Promise<void> {
    if (this.socket.destroyed || this.socket.readableEnded) return void this.socket.destroy();
    const closed = new Promise<void>((resolve) => { this.socket.once('close', () => resolve()); });
    this.socket.end(nullRequest);
    this.socket.setTimeout(2000, () => this.socket.destroy());
    await closed;
  }

  protected override async exchange(call: Call): Promise<Answer> {
    if (!this.socket.destroyed) this.socket.write(encodeFrame(call));
    return this.stream.within(this.timeoutMs, call.operation, () => this.stream.read((bytes) => {
      const received = decodeFrame(bytes);
      if (received.kind === 'incomplete') return undefined;
      if (received.kind !== 'frame') throw new TentacleUnreachable('protocol', 'The Tentacle answered with something that is not an answer.');
      return { value: received.value as Answer, rest: received.rest };
    }, 'dropped'));
  }
}

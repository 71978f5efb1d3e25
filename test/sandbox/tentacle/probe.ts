import { connect, type TLSSocket } from 'node:tls';
import { nullRequest } from '../../../src/sandbox/wire/frames.ts';

export interface ProbeOptions {
  port: number;
  certificate?: { keyPem: string; certificatePem: string };
  /** What is written after the handshake, and then after the first answer. */
  send?: string | Buffer;
  then?: Buffer | 'end' | 'destroy';
  timeoutMs?: number;
  maxVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** Everything the service sent until it closed, and how it closed. */
export async function exchange(options: ProbeOptions): Promise<{ received: string; ending: 'end' | 'error' | 'timeout' }> {
  const { certificate, send = 'MX\r\n\r\nMX-CLIENT 1.0\r\n\r\n', then = nullRequest } = options;
  return new Promise((resolve) => {
    let received = '';
    const socket: TLSSocket = connect({
      host: '127.0.0.1', port: options.port, rejectUnauthorized: false, ...(options.maxVersion ? { maxVersion: options.maxVersion } : {}),
      ...(certificate ? { key: certificate.keyPem, cert: certificate.certificatePem } : {}),
    });
    const done = (ending: 'end' | 'error' | 'timeout') => {
      socket.destroy();
      resolve({ received, ending });
    };
    socket.once('secureConnect', () => {
      if (send.length > 0) socket.write(send);
      else if (then === 'destroy') done('end');
      else socket.end();
    });
    socket.on('data', (chunk: Buffer) => {
      const first = received === '';
      received += chunk.toString('latin1');
      if (!first || received.startsWith('HTTP')) return;
      if (then === 'destroy') done('end');
      else if (then === 'end') socket.end();
      else socket.end(then);
    });
    socket.once('end', () => done('end')).once('error', () => done('error')).setTimeout(options.timeoutMs ?? 3000, () => done('timeout'));
  });
}

import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { CertificateInForce } from './tasks/engine-seam.ts';

const pageBody = '<!DOCTYPE html>\n<html><head><title>Octopus Server</title></head><body><h1>Octopus Server configured successfully</h1><p>If you can view this page, your Octopus Server is configured and ready to communicate with Tentacles.</p></body></html>';
const page = `HTTP/1.0 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(pageBody)}\r\n\r\n${pageBody}`;

/** Most characters of a first request before the listener judges it (Halibut's SecureListener). */
const maximumRequest = 20_000;

/**
 * The communications port of a server: presents the certificate in force, answers text that is no Halibut greeting with the
 * page, and closes on everything else, since no polling Tentacle is registered here (tentacle-trust.md sections 7 and 8).
 */
export async function listenForTentacles(port: number, certificate: CertificateInForce): Promise<Server> {
  const server = createServer({ key: certificate.keyPem, cert: certificate.certificatePem, requestCert: true, rejectUnauthorized: false }, (socket: TLSSocket) => {
    let request = '';
    socket.setTimeout(60_000, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      request += chunk.toString('latin1');
      if (!request.replaceAll('\r', '').includes('\n\n') && request.length < maximumRequest) return;
      socket.removeAllListeners('data').resume();
      if (request.startsWith('MX')) socket.end();
      else socket.end(page);
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  return server;
}

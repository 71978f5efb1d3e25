import { connect } from 'node:tls';
import { isIP } from 'node:net';
import { thumbprintOf } from '../certificate.ts';
import { badRequest, RestError } from './errors.ts';

/**
 * A live read of a listening Tentacle's certificate (octopus-rest.md 5.1). Ends the connection in order, so that the Tentacle
 * logs no Error (tentacle-trust.md section 8). 400 when it cannot be reached.
 */
export async function discoverTentacle(host: string, port: number, type: string, timeoutMs = 10_000): Promise<{ host: string; uri: string; thumbprint: string }> {
  if (host === '' || !Number.isInteger(port) || port < 1 || port > 65_535) throw badRequest('Please provide host and port.');
  if (type !== 'TentaclePassive') throw badRequest(`sandbox: discovering ${type} is not simulated.`);
  const thumbprint = await new Promise<string>((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false, timeout: timeoutMs, ...(isIP(host) ? {} : { servername: host }) });
    let found = '';
    socket.once('secureConnect', () => {
      found = thumbprintOf(socket.getPeerCertificate().raw);
      socket.end();
    });
    socket.resume();
    socket.once('timeout', () => socket.destroy(new Error('timed out')));
    socket.once('error', reject);
    socket.once('close', () => (found === '' ? reject(new Error('closed')) : resolve(found)));
  }).catch((error: unknown) => {
    throw new RestError(400, 'There was a controlled failure.', [`Could not connect to ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`]);
  });
  return { host, uri: `https://${host}:${port}/`, thumbprint };
}

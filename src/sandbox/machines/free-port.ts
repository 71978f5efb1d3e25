import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const LOWEST = 10_240;
/** Where the system takes the ports of outgoing connections from, unless it says otherwise. */
const EPHEMERAL = 32_768;
/** Ports that one process tries before those of its neighbour by number. */
const BLOCK = 64;

let next: number | null = null;

/**
 * A port of 127.0.0.1 that nobody listens on now; the sandbox keeps it for its life. Not of those that the system gives to outgoing
 * connections: between now and the moment when its server listens, and whenever that is restarted, one of them may be taken. Processes
 * that look at the same time begin at different places.
 */
export async function freePort(): Promise<number> {
  const end = ephemeralPorts();
  const blocks = Math.floor((end - LOWEST) / BLOCK);
  next ??= LOWEST + (process.pid % blocks) * BLOCK;
  for (let tried = LOWEST; tried < end; tried += 1) {
    const port: number = next;
    next = port + 1 < end ? port + 1 : LOWEST;
    if (await isFree(port)) return port;
  }
  throw new Error(`Every port from ${LOWEST} to ${end} is in use.`);
}

/** The first port of the range for outgoing connections. A system that leaves too few below it is taken as the usual one. */
function ephemeralPorts(): number {
  try {
    const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)[0]);
    return first >= LOWEST + 16 * BLOCK ? first : EPHEMERAL;
  } catch {
    return EPHEMERAL;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(false) : reject(error)));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

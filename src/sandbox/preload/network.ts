import { Socket } from 'node:net';
import type { Told } from './told.ts';

type Connect = (this: Socket, ...given: unknown[]) => Socket;

/**
 * Connections of this process to machines that it is cut off from are refused as without a route. Returns what breaks those that
 * were open before.
 */
export function cutNetwork(told: Told): () => void {
  const open = new Map<Socket, number>();
  const connect = Socket.prototype.connect as Connect;
  const guarded: Connect = function guarded(...given) {
    const port = portOf(given);
    if (port === null) return connect.apply(this, given);
    if (!told.isUnreachable(port)) {
      open.set(this, port);
      this.once('close', () => open.delete(this));
      return connect.apply(this, given);
    }
    process.nextTick(() => this.destroy(Object.assign(new Error(`connect EHOSTUNREACH 127.0.0.1:${port}`), { code: 'EHOSTUNREACH', errno: -113, syscall: 'connect', address: '127.0.0.1', port })));
    return this;
  };
  Socket.prototype.connect = guarded as typeof Socket.prototype.connect;
  return () => {
    for (const [socket, port] of open) if (told.isUnreachable(port)) socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', errno: -104, syscall: 'read' }));
  };
}

/** `connect(port, ..)`, `connect({ port, .. })`, or what `net.connect` has made of either. Null for what is no TCP port. */
function portOf([first]: unknown[]): number | null {
  const given = Array.isArray(first) ? first[0] as unknown : first;
  const port = typeof given === 'object' && given !== null ? ('path' in given && given.path ? null : (given as { port?: unknown }).port) : given;
  const number = typeof port === 'number' || (typeof port === 'string' && /^\d+$/.test(port)) ? Number(port) : null;
  return number;
}

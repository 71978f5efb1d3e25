/** Thrown by whoever handles a call to say that its answer is never sent: the connection breaks instead. */
export class ConnectionLost extends Error {
  override name = 'ConnectionLost';
}

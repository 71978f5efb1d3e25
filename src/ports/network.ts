import type { Thumbprint } from '../certificates/thumbprint.ts';

/** Key and certificate that a TLS client presents, PEM. */
export interface ClientIdentity { keyPem: string; certificatePem: string }

/** A TLS connection after its handshake, as the trust probe needs it. Nothing is authenticated by TLS itself here: both sides are self-signed. */
export interface TlsConnection {
  readonly peerThumbprint: Thumbprint;
  /** DER of the peer's certificate. */
  readonly peerCertificate: Uint8Array;
  write(bytes: Uint8Array): Promise<void>;
  /** Next piece that arrives, or how the connection ended. Rejects with code ETIMEDOUT after `timeoutMs`. */
  read(timeoutMs: number): Promise<{ kind: 'data'; bytes: Uint8Array } | { kind: 'end' } | { kind: 'error'; code: string }>;
  /** Orderly end: sends close_notify and waits, bounded, until the peer closed too. Never a reset. */
  end(timeoutMs: number): Promise<void>;
}

/** TCP and TLS, handed in. */
export interface Network {
  /** Addresses of this machine, those that only it can reach last. */
  readonly ownAddresses: readonly string[];
  /** Opens and closes a TCP connection. */
  reach(host: string, port: number, timeoutMs: number): Promise<{ reached: true } | { reached: false; code: string }>;
  /** Rejects with an error whose `code` tells why: DNS, refused, time-out, alert, or an end before the handshake was over. */
  tls(options: { host: string; port: number; identity?: ClientIdentity; timeoutMs: number; legacy?: boolean }): Promise<TlsConnection>;
}

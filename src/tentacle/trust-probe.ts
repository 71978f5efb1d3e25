import { tentacleErrors } from '../errors/tentacle.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import type { ClientIdentity, Network, TlsConnection } from '../ports/network.ts';
import type { ProbeVerdict } from './contract.ts';

const TIMEOUT_MS = 10_000;
const END_MS = 3_000;

/** "This is a message exchange." */
const HELLO = Buffer.from('MX\r\n\r\n', 'ascii');
/** In one write: services of Halibut 4.4.8 often fail on two. */
const IDENTITY = Buffer.from('MX-CLIENT 1.0\r\n\r\n', 'ascii');
/** Raw DEFLATE of the BSON document {Message: null}: the service returns at once and logs nothing. */
const NULL_REQUEST = Buffer.from('E3636060E0F24D2D2E4E4C4F65600000', 'hex');

const TRUSTED = /^MX-SERVER \d+(\.\d+)*\r\n\r\n$/;
const TRUSTED_SO_FAR = 'MX-SERVER ';
const LONGEST_ANSWER = 64;
/** How the end of a refused connection may arrive (tentacle-trust.md section 7). */
const CLOSED = new Set(['ECONNRESET', 'EPIPE']);

interface ProbeOptions { host: string; port: number; identity: ClientIdentity; expectedPeer?: Thumbprint; timeoutMs?: number; monotonic: () => number }
type Outcome = Omit<Extract<ProbeVerdict, { verdict: 'trusted' }>, 'milliseconds'> | Omit<Extract<ProbeVerdict, { verdict: 'not-trusted' }>, 'milliseconds'>
  | Omit<Extract<ProbeVerdict, { verdict: 'wrong-peer' }>, 'milliseconds'> | { verdict: 'inconclusive'; reason: string; code: string };

/**
 * Asks a listening Tentacle on a new connection whether it trusts `identity`, exactly as its Octopus Server would, and ends so that
 * it logs no Error (A36; tentacle-trust.md section 7, failure-modes.md section 6). Only a close after the hello without a byte is
 * "not trusted"; whatever else is inconclusive. A TLS alert is tried once more with the settings of old Windows.
 * Never rejects. `timeoutMs` is for each wait, 10 s unless given.
 */
export async function probeTrust(network: Network, options: ProbeOptions): Promise<ProbeVerdict> {
  const begun = options.monotonic();
  let outcome = await attempt(network, options, false);
  if (outcome.verdict === 'inconclusive' && isAlert(outcome.code)) outcome = await attempt(network, options, true);
  return { ...outcome, milliseconds: Math.max(0, Math.round(options.monotonic() - begun)) };
}

/** The certificate shown at a listener, without showing one; ended cleanly (tentacle-trust.md section 8). Throws PEER_UNREADABLE. */
export async function readPeer(network: Network, options: { host: string; port: number; timeoutMs?: number }): Promise<{ thumbprint: Thumbprint; der: Uint8Array }> {
  const target = { host: options.host, port: options.port, timeoutMs: options.timeoutMs ?? TIMEOUT_MS };
  let connection: TlsConnection;
  try {
    connection = await network.tls(target).catch((error: unknown) => {
      if (!isAlert(codeOf(error))) throw error;
      return network.tls({ ...target, legacy: true });
    });
  } catch (error) {
    throw tentacleErrors.PEER_UNREADABLE({ host: options.host, port: options.port, code: codeOf(error) }, error);
  }
  const peer = { thumbprint: connection.peerThumbprint, der: connection.peerCertificate };
  await endQuietly(connection);
  return peer;
}

async function attempt(network: Network, options: ProbeOptions, legacy: boolean): Promise<Outcome> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  let connection: TlsConnection;
  try {
    connection = await network.tls({ host: options.host, port: options.port, identity: options.identity, timeoutMs, legacy });
  } catch (error) {
    const code = codeOf(error);
    return { verdict: 'inconclusive', reason: reasonOf(code), code };
  }
  try {
    return await ask(connection, options.expectedPeer, timeoutMs);
  } finally {
    await endQuietly(connection);
  }
}

async function ask(connection: TlsConnection, expected: Thumbprint | undefined, timeoutMs: number): Promise<Outcome> {
  const peer = connection.peerThumbprint;
  if (expected !== undefined && peer !== expected) return { verdict: 'wrong-peer', peer };
  try {
    await connection.write(HELLO);
    await connection.write(IDENTITY);
  } catch (error) {
    // A refusal may overtake the identity; what was received decides.
    if (!CLOSED.has(codeOf(error))) return inconclusive(codeOf(error));
  }
  let answer = '';
  for (;;) {
    const piece = await connection.read(timeoutMs).catch((error: unknown) => ({ kind: 'error' as const, code: codeOf(error) }));
    if (piece.kind === 'data') {
      answer += Buffer.from(piece.bytes).toString('latin1');
      if (TRUSTED.test(answer)) {
        await connection.write(NULL_REQUEST).catch(() => undefined);
        return { verdict: 'trusted', peer };
      }
      if (couldBecomeTrusted(answer)) continue;
      return inconclusive(/^HTTP\/|^\s*</i.test(answer) ? 'HTML' : 'UNEXPECTED_ANSWER');
    }
    const closed = piece.kind === 'end' || CLOSED.has(piece.code);
    if (closed) return answer === '' ? { verdict: 'not-trusted', peer } : inconclusive('CUT_OFF');
    return inconclusive(piece.kind === 'error' && piece.code === 'ETIMEDOUT' ? 'SILENT' : codeOf(piece));
  }
}

function couldBecomeTrusted(answer: string): boolean {
  const length = Math.min(answer.length, TRUSTED_SO_FAR.length);
  return answer.length <= LONGEST_ANSWER && answer.slice(0, length) === TRUSTED_SO_FAR.slice(0, length) && !answer.includes('\r\n\r\n');
}

function inconclusive(code: string): Outcome {
  return { verdict: 'inconclusive', reason: reasonOf(code), code };
}

async function endQuietly(connection: TlsConnection): Promise<void> {
  await connection.end(END_MS).catch(() => undefined);
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && code !== '' ? code : 'UNKNOWN';
}

/** OpenSSL's name of an alert that was received, e.g. ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE; also what old peers make of our own settings. */
function isAlert(code: string): boolean {
  return /^ERR_SSL_/.test(code) && !/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(code);
}

const REASONS: Record<string, string> = {
  ENOTFOUND: 'The name cannot be resolved.',
  EAI_AGAIN: 'The name cannot be resolved at the moment.',
  ECONNREFUSED: 'Nothing listens on that port.',
  ETIMEDOUT: 'There was no answer in time.',
  EHOSTUNREACH: 'The machine cannot be reached.',
  ENETUNREACH: 'The network cannot be reached.',
  ECONNRESET: 'The connection was closed before TLS was established.',
  EPROTO: 'What answers does not speak TLS.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'What answers does not speak TLS.',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'What answers does not speak TLS.',
  ERR_SSL_HTTP_REQUEST: 'What answers does not speak TLS.',
  NO_PEER_CERTIFICATE: 'What answers shows no certificate.',
  HTML: 'A web page was sent, which says nothing about trust.',
  UNEXPECTED_ANSWER: 'What answers is not a Tentacle.',
  CUT_OFF: 'The answer broke off.',
  SILENT: 'TLS was established, but there was no answer in time.',
};

function reasonOf(code: string): string {
  return REASONS[code] ?? (isAlert(code) ? 'The TLS handshake was refused.' : 'The connection failed.');
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { createHttp } from '../../src/octopus/http.ts';
import { createOctopusClient } from '../../src/octopus/client.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Random } from '../../src/ports/random.ts';

export const KEY = 'API-CANARYKEY0000';

export interface Seen { method: string; path: string; query: URLSearchParams; headers: IncomingMessage['headers']; body: string }
export interface Answer { status?: number; json?: unknown; text?: string; headers?: Record<string, string>; /** Break the connection instead of answering. */ reset?: boolean; /** Never answer. */ hang?: boolean }
export type Play = (request: Seen, number: number) => Answer | Promise<Answer>;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A loopback server that answers as it is told and keeps what it was asked. */
export async function serve(play: Play, port = 0): Promise<{ url: string; port: number; seen: Seen[]; close(): Promise<void> }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => void handle(request, response));
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://x');
    const asked = { method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers, body: Buffer.concat(chunks).toString('latin1') };
    seen.push(asked);
    const answer = await play(asked, seen.length);
    if (answer.reset === true) return void request.socket.destroy();
    if (answer.hang === true) return;
    response.writeHead(answer.status ?? 200, { 'Content-Type': answer.text === undefined ? 'application/json' : 'text/html', ...answer.headers });
    response.end(answer.text ?? (answer.json === undefined ? '' : JSON.stringify(answer.json)));
  }
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = (): Promise<void> => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(() => resolve());
  });
  closing.push(close);
  const bound = (server.address() as AddressInfo).port;
  return { url: `http://127.0.0.1:${bound}`, port: bound, seen, close };
}

/** A clock a hundred times as fast, which keeps how long it was asked to sleep. Bounds of attempts (those with a signal) only pass ten times as fast, so that a busy machine does not meet them. */
export function fastClock(): Clock & { slept: number[] } {
  const start = performance.now();
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date(Date.UTC(2026, 0, 5) + (performance.now() - start) * 100),
    monotonic: () => (performance.now() - start) * 100,
    sleep: (milliseconds, signal) => new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        slept.push(milliseconds);
        resolve();
      }, milliseconds / (signal === undefined ? 100 : 10));
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      });
    }),
  };
}

/** Jitter in the middle: waits are as the table says. */
export const evenRandom: Random = { bytes: (length) => new Uint8Array(length).fill(128) };

export function clientOf(url: string, clock: Clock = fastClock(), deadlineMs?: number) {
  return createOctopusClient({ url, apiKey: KEY, clock, random: evenRandom, ...(deadlineMs === undefined ? {} : { deadlineMs }) });
}

export function httpOf(url: string, clock: Clock = fastClock()) {
  return createHttp({ url, apiKey: KEY, clock, random: evenRandom });
}

/** The error of a promise that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { code: string; safe: string; next: string; status: number | null; errorMessage: string; errors: string[] }> {
  try {
    await promise;
  } catch (error) {
    return error as never;
  }
  throw new Error('It was expected to fail.');
}

import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readSandboxFile } from '../machines/sandbox-file.ts';
import { recordEvent } from '../truth/events.ts';
import { reportRunning } from '../truth/running.ts';

/** Between two looks at a node, and how long a look may take; milliseconds. */
const [intervalMs, patienceMs] = [300, 1000];

/** Of one hop only (RFC 9110, 7.6.1). */
const hopByHop = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

interface Node { name: string; port: number }

/**
 * Takes the requests to the portal's address to the nodes in turn, each to one whose `/api/octopusservernodes/ping` answered 200
 * at the last look: a node that is drained (418), starting (503) or down gets none (octopus-server-cli.md section 5). 503 when
 * there is no such node. A request that no node has got yet goes to the next one; one that a node had is not sent twice: 502.
 */
export async function runLoadBalancer(home: string, machineDir: string): Promise<void> {
  const { loadBalancer } = readSandboxFile(home);
  if (!loadBalancer) throw new Error('This sandbox has no load balancer.');
  let inService: Node[] = [];
  let turn = 0;
  const server = createServer((request, response) => {
    turn += 1;
    const first = inService.length === 0 ? 0 : turn % inService.length;
    void forward(request, response, [...inService.slice(first), ...inService.slice(0, first)]);
  });
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(loadBalancer.port, '127.0.0.1', resolve); });
  reportRunning(machineDir, 'load-balancer', { inService: [] });
  for (let before = ''; ; await delay(intervalMs)) {
    inService = await healthy(home, inService);
    const names = inService.map(({ name }) => name).sort();
    if (names.join(' ') === before) continue;
    before = names.join(' ');
    reportRunning(machineDir, 'load-balancer', { inService: names });
    recordEvent(home, basename(machineDir), 'load-balancer-changed', { inService: names });
  }
}

/** The nodes that the sandbox has now and that say they take requests. */
async function healthy(home: string, before: Node[]): Promise<Node[]> {
  let nodes = before;
  try {
    nodes = (readSandboxFile(home).server?.nodes ?? []).map(({ name, webPort }) => ({ name, port: webPort }));
  } catch {
    // It is just being written.
  }
  const answers = await Promise.all(nodes.map(({ port }) => isInService(port)));
  return nodes.filter((_node, index) => answers[index]);
}

async function isInService(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/api/octopusservernodes/ping`, { signal: AbortSignal.timeout(patienceMs) });
    await answer.arrayBuffer();
    return answer.status === 200;
  } catch {
    return false;
  }
}

async function forward(request: IncomingMessage, response: ServerResponse, nodes: Node[]): Promise<void> {
  for (const { port } of nodes) {
    if (await exchange(request, response, port)) return;
  }
  failed(response, 503, 'No server is available to handle this request.');
}

/** One attempt. False when the node could not be connected to, so that nothing of the request has gone there. */
function exchange(request: IncomingMessage, response: ServerResponse, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    let isConnected = false;
    const upstream = send({ host: '127.0.0.1', port, method: request.method, path: request.url, agent: false, headers: { ...endToEnd(request.headers), 'x-forwarded-for': request.socket.remoteAddress ?? '', 'x-forwarded-proto': 'http' } });
    upstream.once('socket', (socket) => socket.once('connect', () => {
      isConnected = true;
      request.pipe(upstream);
    }));
    upstream.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
      answer.pipe(response);
      answer.once('error', () => response.destroy());
      answer.once('close', () => {
        if (!answer.complete) response.destroy();
        resolve(true);
      });
    });
    upstream.once('error', () => {
      if (isConnected) failed(response, 502, 'The server closed the connection before it answered.');
      resolve(isConnected);
    });
    response.once('close', () => {
      upstream.destroy();
      resolve(true);
    });
  });
}

function endToEnd<T>(headers: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));
}

function failed(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' }).end(`<html><body><h1>${status}</h1>\n${text}\n</body></html>\n`);
}

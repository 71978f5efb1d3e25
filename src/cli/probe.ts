import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openPfx } from '../certificates/pfx.ts';
import { parseThumbprint } from '../certificates/thumbprint.ts';
import { pfxErrors } from '../errors/certificates.ts';
import { cliErrors } from '../errors/cli.ts';
import { printable } from '../errors/printable.ts';
import { createNetwork } from '../runners/ports/network.ts';
import { probeTrust } from '../tentacle/trust-probe.ts';
import type { ProbeVerdict } from '../tentacle/contract.ts';
import type { Io } from './io.ts';
import { required } from './options.ts';

const EXIT_CODES = { trusted: 0, 'not-trusted': 3, 'wrong-peer': 4, inconclusive: 5 } as const;

/**
 * `probe HOST:PORT --pfx FILE --pfx-password-env NAME [--peer THUMBPRINT] [--json]`: the trust probe for a person. Exit code 0 trusted,
 * 3 not trusted, 4 wrong peer, 5 inconclusive. Throws refusals for bad usage and for a PFX that cannot be used (exit code 1).
 */
export async function runProbe(args: string[], io: Io): Promise<number> {
  const { address, path, variable, peer, json } = readArguments(args);
  const { host, port } = parseAddress(address);
  const expectedPeer = peer === undefined ? undefined : parseThumbprint(peer);
  const password = passwordFrom(io, variable);
  const pfx = await openPfx(await readPfx(resolve(io.folder, path), path), password, path);
  const verdict = await probeTrust(createNetwork(), {
    host, port, identity: pfx.identity, monotonic: () => performance.now(), ...(expectedPeer === undefined ? {} : { expectedPeer }),
  });
  const certificate = pfx.facts.thumbprint;
  io.out(json ? JSON.stringify({ host, port, certificate, ...verdict }) : sentence(`${printable(host)}:${port}`, certificate, expectedPeer, verdict));
  return EXIT_CODES[verdict.verdict];
}

function readArguments(args: string[]) {
  let parsed;
  try {
    parsed = parseArgs({
      args, strict: true, allowPositionals: true,
      options: { pfx: { type: 'string' }, 'pfx-password-env': { type: 'string' }, peer: { type: 'string' }, json: { type: 'boolean', default: false } },
    });
  } catch (error) {
    throw bad((error as Error).message.split('\n')[0]!);
  }
  const [address, ...more] = parsed.positionals;
  if (address === undefined) throw bad('HOST:PORT is missing.');
  if (more.length > 0) throw bad(`"${more[0]}" is one word too many.`);
  return { address, path: required('probe', 'pfx', parsed.values.pfx), variable: parsed.values['pfx-password-env'], peer: parsed.values.peer, json: parsed.values.json };
}

/** `name:port` or `[address]:port`. */
function parseAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.%]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65_535) throw bad(`"${text}" is not HOST:PORT, for example web-01.example.com:10933.`);
  return { host: (match[1] ?? match[2])!, port };
}

/** A variable that is set to nothing means a PFX without password; one that is not set is a slip of the pen. */
function passwordFrom(io: Io, variable: string | undefined): string {
  if (variable === undefined) return '';
  const value = io.environment[variable];
  if (value === undefined) throw cliErrors.CLI_VARIABLE_MISSING({ name: variable, what: 'the password of the PFX' });
  return value;
}

async function readPfx(file: string, shown: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    throw pfxErrors.PFX_UNREADABLE({ path: shown, code: (error as NodeJS.ErrnoException).code ?? 'UNKNOWN' }, error);
  }
}

function sentence(where: string, certificate: string, expected: string | undefined, verdict: ProbeVerdict): string {
  switch (verdict.verdict) {
    case 'trusted':
      return `trusted: the Tentacle ${verdict.peer} at ${where} trusts ${certificate} (${verdict.milliseconds} ms).`;
    case 'not-trusted':
      return `not trusted: the Tentacle ${verdict.peer} at ${where} closed the connection for ${certificate}. The trust is missing, or the Tentacle was not restarted since it was added.`;
    case 'wrong-peer':
      return `wrong peer: ${where} shows the certificate ${verdict.peer}, not ${expected}. Nothing was sent.`;
    case 'inconclusive':
      return `inconclusive: ${verdict.reason} (${where}, ${printable(verdict.code)}) This says nothing about trust.`;
  }
}

function bad(problem: string) {
  return cliErrors.CLI_BAD_OPTION({ command: 'probe', problem });
}

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { describeFailure, UnexpectedFailure } from '../../src/sandbox/tentacle/failures.ts';
import { certificate, runningAgent, type RunningAgent } from '../sandbox/tentacle/agent.ts';
import { exchange } from '../sandbox/tentacle/probe.ts';

interface Recorded { note: string; trustedOctopusServers: object[]; noListen: boolean; ended: number | null; log: string[]; error: string[]; probe: Record<string, string> }

const recorded = readFileSync(join(import.meta.dirname, 'fixtures', 'tentacle-agent.jsonl'), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Recorded);

let running: RunningAgent | undefined;
let root = '';
afterEach(async () => {
  await running?.agent.stop();
  running = undefined;
  rmSync(root, { recursive: true, force: true });
});

describe('What the real agent logged and let in, the embedded one does', () => {
  test('every record is replayed', () => { expect(recorded).toHaveLength(19); });

  test.each(recorded)('$note', async (record) => {
    if (record.ended !== null) {
      const failure = await runningAgent(record.trustedOctopusServers, { noListen: record.noListen }).then(() => undefined, (error: unknown) => error);
      expect(failure).toBeInstanceOf(UnexpectedFailure);
      expect(describeFailure(failure as UnexpectedFailure).filter((line) => !line.startsWith('   at '))).toEqual(record.error);
      return;
    }
    running = await runningAgent(record.trustedOctopusServers, { noListen: record.noListen });
    root = running.root;
    const log = running.log().trimEnd().split('\n').map((line) => line.replace(/^\S+ \S+ +\d+ +\d+ +\w+ {2}/, ''));
    const start = log.map((line) => line.startsWith('Tentacle version')).lastIndexOf(true);
    // The records hold the start-up lines; what a polling loop then says of a server that is not there follows them.
    expect(log.slice(start + 1).filter((line) => !line.startsWith('https://')).map((line) => line.replace(`:${running?.port}`, ':{port}'))).toEqual(record.log);

    const probed: Record<string, string> = {};
    for (const name of Object.keys(record.probe).length > 0 ? ['A', 'B', 'C'] as const : []) {
      const identity = await certificate(name);
      const { received, ending } = await exchange({ port: running.port, certificate: identity });
      probed[identity.thumbprint] = received === 'MX-SERVER 1.0\r\n\r\n' ? 'TRUSTED' : received === '' && ending === 'end' ? 'NOT_TRUSTED' : 'INCONCLUSIVE';
    }
    expect(probed).toEqual(record.probe);
    expect(running.log().split('\n').filter((line) => line.includes('ERROR') && !line.includes('  https://'))).toEqual([]);
  });
});

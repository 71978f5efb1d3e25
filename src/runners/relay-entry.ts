import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import jobSchema from '../../schemas/relay-job.schema.json' with { type: 'json' };
import type { RelayJob } from '../../schemas/types/relay-job.ts';
import { nodeKey } from '../mailbox/message.ts';
import { schemaProblem } from '../schema/check.ts';
import { phaseContext } from './phase-context.ts';
import { systemFiles } from './ports/files.ts';
import { systemProcesses } from './ports/processes.ts';
import { relayVoice } from './relay-voice.ts';
import { retireRelay, runRelay } from './relay.ts';

/** `node relay.js <job file>`: reads its job, works, and ends with 0 when the job is done or gone; any other end makes systemd start it again. */
async function main(): Promise<void> {
  const path = process.argv[2];
  if (!path) throw new Error('A job file is expected.');
  if (!existsSync(path)) return retireRelay({ files: systemFiles, processes: systemProcesses }, dirname(path));
  const job = JSON.parse(readFileSync(path, 'utf8')) as RelayJob;
  const problem = schemaProblem(jobSchema, job);
  if (problem !== null) throw new Error(`The job file is not what a relay understands: ${problem.trimStart()}`);
  const folder = join(job.stateFolder, 'rotations', job.rotationId);
  // A node that does not lead has no journal, and no folder yet.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = join(folder, job.node === undefined ? 'relay.log' : `relay-${nodeKey(job.node.id)}.log`);
  const voice = relayVoice((line) => {
    process.stdout.write(`${line}\n`);
    appendFileSync(log, `${new Date().toISOString()} ${line}\n`, { mode: 0o600 });
  });
  voice.secret(job.secret);
  voice.secret(job.apiKey);
  try {
    const context = phaseContext({ runner: 'relay', voice, localTentacle: job.localTentacle, scriptEnvironment: job.environment, programs: job.folder, artifact: () => Promise.resolve() });
    await runRelay(context, job, readFileSync(process.argv[1]!));
  } catch (error) {
    voice.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  }
}

void main();

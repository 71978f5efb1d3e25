/** A run, a relay or a terminal that wants the lease: a process of its own, told line by line what to do. Started by contenders.test.ts. */
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { enterRotation, openRotation, type RotationSession } from '../../src/phases/rotation.ts';
import type { PhaseContext } from '../../src/phases/context.ts';
import { phaseContext } from '../../src/runners/phase-context.ts';
import type { RunnerName } from '../../src/journal/contract.ts';
import { EXAMPLES } from './examples.ts';

export interface Told {
  url: string;
  apiKey: string;
  secret: string;
  stateFolder: string;
  /** Where its effects leave a line each. */
  effects: string;
  runner: RunnerName;
  taskId: string | null;
  host?: string;
  /** As on a platform that does not tell processes apart. */
  isFaceless?: boolean;
  /** How much faster its time passes. */
  speed?: number;
}

const told = JSON.parse(process.argv[2]!) as Told;
const silent = () => undefined;
const real = phaseContext({
  runner: told.runner, localTentacle: null, scriptEnvironment: {}, programs: '/', artifact: async () => undefined,
  voice: { info: silent, verbose: silent, highlight: silent, warn: silent, error: silent, progress: silent, secret: silent, setVariable: silent, artifact: silent, result: silent } as unknown as PhaseContext['voice'],
});
let jumped = 0;
const speed = told.speed ?? 1;
const self = told.isFaceless ? { ...real.processes.self, started: '', boot: '' } : real.processes.self;
const context: PhaseContext = {
  ...real,
  processes: { ...real.processes, self, host: told.host ?? real.processes.host },
  clock: { now: () => new Date(real.clock.now().getTime() + jumped), monotonic: () => real.clock.monotonic() * speed, sleep: (milliseconds, signal) => real.clock.sleep(milliseconds / speed, signal) },
};
const access = { ServerUrl: told.url, ApiKey: told.apiKey, Secret: told.secret, StateFolder: told.stateFolder, SpaceId: 'Spaces-1', TaskId: told.taskId };
let session: RotationSession | null = null;

const commands: Record<string, (argument: string) => Promise<unknown>> = {
  open: () => openRotation(context, access, context.octopus(told.url, told.apiKey), EXAMPLES.opened, { kind: 'planned', subject: 'estate', data: EXAMPLES.planned }),
  async enter(rotationId) {
    session = await enterRotation(context, { ...access, RotationId: rotationId }, 'trust-server-certificate');
    return { taken: session.lease.taken, fence: session.lease.fence };
  },
  async effect(name) {
    await session!.rotation.effect('add-trust', name, {}, async () => {
      appendFileSync(told.effects, `${told.taskId ?? told.runner} ${name}\n`);
      return {};
    });
    return 'done';
  },
  async yield(taskId) {
    await session!.lease.yieldLease(...(taskId === '' ? [] : [taskId]));
    return 'yielded';
  },
  async jump(milliseconds) {
    jumped += Number(milliseconds);
    return jumped;
  },
};

console.log(JSON.stringify({ ok: self }));
for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument = ''] = line.split(' ');
  try {
    console.log(JSON.stringify({ ok: await commands[name!]!(argument) }));
  } catch (error) {
    const { code, message, next } = error as { code?: string; message: string; next?: string };
    console.log(JSON.stringify({ refused: code ?? message, next: next ?? '' }));
  }
}

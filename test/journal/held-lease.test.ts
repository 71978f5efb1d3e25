import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openJournal } from '../../src/journal/journal.ts';
import { openRotations, readLease, resumeLeaseHere, takeLease, type LeaseOptions } from '../../src/journal/held-lease.ts';
import { LEASE_SET, LEASE_VARIABLE } from '../../src/journal/lease-store.ts';
import { lockHost } from '../../src/journal/lock.ts';
import { rotationSecrets } from '../../src/journal/secrets.ts';
import { openStateFolder, type StateFolder } from '../../src/journal/state-folder.ts';
import type { LibrarySet, OctopusClient } from '../../src/octopus/contract.ts';
import type { ProcessIdentity, Processes } from '../../src/ports/processes.ts';
import { systemClock } from '../../src/runners/ports/clock.ts';
import { systemFiles } from '../../src/runners/ports/files.ts';
import { systemProcesses } from '../../src/runners/ports/processes.ts';
import { systemRandom } from '../../src/runners/ports/random.ts';
import { OPENED } from './examples.ts';
import { codeOf, temporaryFolder } from './support.ts';

const refuse = (code: string): never => {
  throw Object.assign(new Error(code), { code });
};

/** Octopus as far as the lease asks it: one versioned set, and tasks. */
class Octopus {
  set: LibrarySet | null = null;
  completed = new Map<string, boolean>();
  isDown = false;
  /** Runs before a write is judged: somebody else comes first. */
  beforeWrite: () => Promise<void> | void = () => undefined;
  losesAnswers = false;

  readonly client = {
    librarySet: async () => this.#up(() => (this.set === null ? null : structuredClone(this.set))),
    createLibrarySet: async (_: string, name: string) => this.#up(() => {
      if (this.set !== null) refuse('OCTOPUS_REJECTED');
      return structuredClone((this.set = { id: 'LibraryVariableSets-1', name, variableSetId: 'variableset-1', version: 0, variables: {} }));
    }),
    writeLibrarySet: async (_: string, set: LibrarySet, variables: Record<string, string>) => {
      const hook = this.beforeWrite;
      this.beforeWrite = () => undefined;
      await hook();
      return this.#up(() => {
        if (this.set!.version !== set.version) refuse('OCTOPUS_STALE');
        this.set = { ...this.set!, version: set.version + 1, variables: { ...variables } };
        if (this.losesAnswers) refuse('OCTOPUS_UNREACHABLE');
        return structuredClone(this.set);
      });
    },
    task: async (id: string) => this.#up(() => ({ isCompleted: this.completed.has(id) ? this.completed.get(id)! : refuse('OCTOPUS_NOT_FOUND') })),
  } as unknown as OctopusClient;

  #up<T>(work: () => T): T {
    return this.isDown ? refuse('OCTOPUS_UNREACHABLE') : work();
  }
}

async function children(): Promise<{ start: () => Promise<{ processes: Processes; kill: () => Promise<void> }>; killAll: () => Promise<void> }> {
  const kills: (() => Promise<void>)[] = [];
  return {
    killAll: async () => void (await Promise.all(kills.map((kill) => kill()))),
    /** A real process, whose identity somebody of this test has. */
    async start() {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000); console.log("up")'], { stdio: ['ignore', 'pipe', 'ignore'] });
      await once(child.stdout, 'data');
      const fields = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
      const self: ProcessIdentity = { pid: child.pid!, started: fields[19]!, boot: systemProcesses.self.boot };
      const kill = async (): Promise<void> => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      };
      kills.push(kill);
      return { processes: { ...systemProcesses, self, host: 'host-1' }, kill };
    },
  };
}

const secrets = rotationSecrets('a secret of this test, thirty-two characters or more');

async function setting(): Promise<{ octopus: Octopus; folder: StateFolder; options: (change?: Partial<LeaseOptions>) => LeaseOptions }> {
  const octopus = new Octopus();
  const folder = await openStateFolder(systemFiles, join(await temporaryFolder(), 'state'));
  return {
    octopus, folder,
    options: (change = {}) => ({
      octopus: octopus.client, spaceId: 'Spaces-1', files: systemFiles, folder, processes: { ...systemProcesses, host: 'host-1' }, clock: systemClock, random: systemRandom, secrets,
      rotation: 'server-certificate', runner: 'runbook', taskId: 'ServerTasks-1', rotationId: null, opening: true, waitMs: 0, ...change,
    }),
  };
}

async function beginJournal(folder: StateFolder, rotationId: Parameters<StateFolder['folderOf']>[0], kinds: 'open' | 'ended' = 'open'): Promise<void> {
  const journal = await openJournal({ files: systemFiles, folder, rotationId, key: secrets.journalKey(rotationId), clock: systemClock, runner: 'runbook', taskId: null, phase: 'p', fence: async () => undefined, fenceNumber: 1 });
  await journal.append({ kind: 'opened', subject: 'server', data: OPENED });
  if (kinds === 'ended') await journal.append({ kind: 'ended', subject: 'server', data: { outcome: 'completed' } });
}

describe('The lease', () => {
  it('goes from step to step of one run, each with a higher fence, and ends without a marker', async () => {
    const { octopus, folder, options } = await setting();
    const plan = await takeLease(options());
    expect(plan).toMatchObject({ taken: 'new', fence: 1 });
    await beginJournal(folder, plan.rotationId);
    await plan.guard();
    await plan.yieldLease();
    expect(await readLease(octopus.client, 'Spaces-1')).toMatchObject({ fence: 1, holder: { runner: 'runbook', taskId: 'ServerTasks-1', process: null } });
    expect(await codeOf(plan.guard())).toBe('LEASE_LOST');
    const next = await takeLease(options({ opening: false, rotationId: plan.rotationId }));
    expect(next).toMatchObject({ taken: 'again', fence: 2, rotationId: plan.rotationId });
    expect(await folder.readFence()).toBe(2);
    await next.releaseLease();
    expect(octopus.set).toMatchObject({ name: LEASE_SET, variables: {} });
    expect(await readdir(folder.locksPath)).toEqual([]);
  });

  it('raises the fence of the next rotation above that of the last one', async () => {
    const { options } = await setting();
    await (await takeLease(options())).releaseLease();
    expect(await takeLease(options({ taskId: 'ServerTasks-2' }))).toMatchObject({ taken: 'new', fence: 2 });
  });

  it('leaves other variables of the set as they are', async () => {
    const { octopus, options } = await setting();
    octopus.set = { id: 'L', name: LEASE_SET, variableSetId: 'v', version: 3, variables: { Note: 'mine' } };
    const lease = await takeLease(options());
    expect(Object.keys(octopus.set.variables).sort()).toEqual(['Note', LEASE_VARIABLE]);
    await lease.releaseLease();
    expect(octopus.set.variables).toEqual({ Note: 'mine' });
  });

  it('D4, D17: is taken over from a killed holder whose run is completed, never from a live one', async () => {
    const { octopus, options, folder } = await setting();
    const { start, killAll } = await children();
    try {
      const first = await start();
      const held = await takeLease(options({ processes: first.processes }));
      await beginJournal(folder, held.rotationId);
      octopus.completed.set('ServerTasks-1', false);
      const second = options({ taskId: 'ServerTasks-2' });
      expect(await codeOf(takeLease(second))).toBe('LEASE_HELD');
      await first.kill();
      expect(await codeOf(takeLease(second))).toBe('LEASE_HELD_BY_RUN');
      octopus.completed.set('ServerTasks-1', true);
      const over = await takeLease(second);
      expect(over).toMatchObject({ taken: 'over', fence: 2, rotationId: held.rotationId });
      // A process that was only believed dead is fenced out, here and in Octopus.
      expect(await codeOf(held.guardHere())).toBe('LEASE_LOST');
      expect(await codeOf(held.guard())).toBe('LEASE_LOST');
      expect(await codeOf(held.yieldLease())).toBe('LEASE_LOST');
      expect(await codeOf(held.releaseLease())).toBe('LEASE_LOST');
      await over.guard();
    } finally {
      await killAll();
    }
  });

  it('D4: of many takers at once exactly one gets it', async () => {
    const { octopus, options } = await setting();
    const { start, killAll } = await children();
    try {
      const takers = await Promise.all([1, 2, 3, 4].map(() => start()));
      octopus.completed.set('ServerTasks-1', false);
      const results = await Promise.allSettled(takers.map(({ processes }, index) => takeLease(options({ processes, taskId: `ServerTasks-${index}` }))));
      for (const index of takers.keys()) octopus.completed.set(`ServerTasks-${index}`, false);
      expect(results.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
      const codes = results.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []));
      expect(codes.every((code) => ['LEASE_HELD', 'LEASE_LOCKED'].includes(code)), codes.join()).toBe(true);
    } finally {
      await killAll();
    }
  });

  it('decides again when somebody else wrote first, and does not believe a lost answer', async () => {
    const { octopus, options } = await setting();
    octopus.beforeWrite = () => {
      octopus.set = { ...octopus.set!, version: octopus.set!.version + 1, variables: { Note: 'theirs' } };
    };
    const lease = await takeLease(options());
    expect(octopus.set!.variables['Note']).toBe('theirs');
    octopus.losesAnswers = true;
    await lease.yieldLease('ServerTasks-9');
    expect(await readLease(octopus.client, 'Spaces-1')).toMatchObject({ holder: { runner: 'runbook', taskId: 'ServerTasks-9', process: null } });
  });

  it('gives up when somebody else always writes first', async () => {
    const { octopus, options } = await setting();
    const disturb = (): void => {
      octopus.set = { ...octopus.set!, version: octopus.set!.version + 1 };
      octopus.beforeWrite = disturb;
    };
    octopus.beforeWrite = disturb;
    expect(await codeOf(takeLease(options()))).toBe('LEASE_CONTENDED');
  });

  it('is checked in the state folder while Octopus does not answer', async () => {
    const { octopus, folder, options } = await setting();
    const lease = await takeLease(options());
    octopus.isDown = true;
    await lease.guard();
    await folder.writeFence(5);
    expect(await codeOf(lease.guard())).toBe('LEASE_LOST');
  });

  it('is lost when Octopus names somebody else or nobody', async () => {
    const { octopus, options } = await setting();
    const lease = await takeLease(options());
    const text = octopus.set!.variables[LEASE_VARIABLE]!;
    octopus.set!.variables[LEASE_VARIABLE] = text.replace('"fence":1', '"fence":2');
    expect(await codeOf(lease.guard())).toBe('LEASE_LOST');
    octopus.set!.variables = {};
    expect(await codeOf(lease.guard())).toBe('LEASE_LOST');
  });

  it('D20: is refused on another host, which leaves no lock and no rotation behind', async () => {
    const { folder, options } = await setting();
    const lease = await takeLease(options());
    await lease.yieldLease(null);
    expect(await codeOf(takeLease(options({ processes: { ...systemProcesses, host: 'host-2' } })))).toBe('LEASE_ELSEWHERE');
    expect(await readdir(folder.locksPath)).toEqual([]);
    expect(await folder.rotationIds()).toEqual([lease.rotationId]);
  });

  it('D20: a marker whose journal is not here is a refusal that names the way out', async () => {
    const { folder, options } = await setting();
    const lease = await takeLease(options());
    await lease.yieldLease(null);
    await systemFiles.remove(folder.journalPath(lease.rotationId));
    await expect(takeLease(options())).rejects.toMatchObject({ code: 'STATE_FOLDER_MISSING', next: expect.stringContaining('backup') });
  });

  it('an open journal without a marker is a refusal, a journal that never began or has ended is none', async () => {
    const { octopus, folder, options } = await setting();
    const lease = await takeLease(options());
    octopus.set!.variables = {};
    expect(await openRotations(systemFiles, folder, secrets)).toEqual([]);
    await beginJournal(folder, lease.rotationId);
    expect(await openRotations(systemFiles, folder, secrets)).toEqual([lease.rotationId]);
    await expect(takeLease(options())).rejects.toMatchObject({ code: 'MARKER_MISSING', message: expect.stringContaining(lease.rotationId) });
    expect(await codeOf(takeLease(options({ opening: false })))).toBe('MARKER_MISSING');
  });

  it('opens the next rotation where only the marker of an ended one was left by a kill', async () => {
    const { folder, options, octopus } = await setting();
    const lease = await takeLease(options());
    await beginJournal(folder, lease.rotationId, 'ended');
    await lease.yieldLease();
    octopus.completed.set('ServerTasks-1', true);
    const next = await takeLease(options({ taskId: 'ServerTasks-2' }));
    expect(next).toMatchObject({ taken: 'new', fence: 2 });
    expect(next.rotationId).not.toBe(lease.rotationId);
  });

  it('D1: a relay killed while the server is down goes on from the state folder, and into the marker when it is up', async () => {
    const { octopus, folder, options } = await setting();
    const { start, killAll } = await children();
    try {
      const first = await start();
      const relay = options({ runner: 'relay', taskId: null, processes: first.processes });
      const lease = await takeLease(relay);
      await beginJournal(folder, lease.rotationId);
      octopus.isDown = true;
      const second = await start();
      const again = { ...relay, processes: second.processes, rotationId: lease.rotationId, opening: false };
      await expect(resumeLeaseHere({ ...again, clock: { ...systemClock, sleep: async () => undefined } })).rejects.toMatchObject({ code: 'LEASE_LOCKED' });
      await first.kill();
      const resumed = await resumeLeaseHere(again);
      expect(resumed).toMatchObject({ taken: 'resumed', fence: 1 });
      await resumed.guard();
      octopus.isDown = false;
      const settled = await takeLease(again);
      expect(settled).toMatchObject({ taken: 'over', fence: 2 });
      await settled.guard();
    } finally {
      await killAll();
    }
  });

  it('a run waits for the relay of its rotation and goes on when it yields', async () => {
    const { folder, options } = await setting();
    const { start, killAll } = await children();
    try {
      const { processes } = await start();
      const relay = await takeLease(options({ runner: 'relay', taskId: null, processes }));
      await beginJournal(folder, relay.rotationId);
      const waits: string[] = [];
      const run = takeLease(options({ taskId: 'ServerTasks-7', opening: false, rotationId: relay.rotationId, waitMs: 20_000, onWait: (why) => {
        if (waits.push(why) === 1) void relay.yieldLease('ServerTasks-7');
      } }));
      expect(await run).toMatchObject({ taken: 'again', fence: 2 });
      expect(waits[0]).toContain('relay');
    } finally {
      await killAll();
    }
  });
});

describe('The lock of this host', () => {
  it('D4: is refused while its holder lives and replaced when it was killed', async () => {
    const { folder } = await setting();
    const { start, killAll } = await children();
    try {
      const first = await start();
      const second = await start();
      await lockHost(systemFiles, folder, first.processes);
      await lockHost(systemFiles, folder, first.processes);
      await expect(lockHost(systemFiles, folder, second.processes)).rejects.toMatchObject({ code: 'LEASE_LOCKED', message: expect.stringContaining(`Process ${first.processes.self.pid} `) });
      expect(await readdir(folder.locksPath)).toHaveLength(1);
      await first.kill();
      const lock = await lockHost(systemFiles, folder, second.processes);
      expect((await readdir(folder.locksPath))[0]).toMatch(new RegExp(`^${second.processes.self.pid}-`));
      await lock.release();
      expect(await readdir(folder.locksPath)).toEqual([]);
    } finally {
      await killAll();
    }
  });
});

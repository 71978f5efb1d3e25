import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeaseMarker } from '../../src/journal/contract.ts';
import { decideLease, type LeaseDecision, type LeaseQuestion } from '../../src/journal/lease.ts';
import { markerText, parseMarker } from '../../src/journal/lease-store.ts';
import { codeOf } from './support.ts';

const ME = { pid: 10, started: '100', boot: 'b1' };
const OTHER = { pid: 11, started: '110', boot: 'b1' };
const marker = (holder: Partial<LeaseMarker['holder']> = {}, change: Partial<LeaseMarker> = {}): LeaseMarker => ({
  format: 1, rotation: 'server-certificate', rotationId: 'sc-20260105-0a1b2c3d', host: 'host-1', stateFolder: '/state', fence: 4, entries: 0,
  holder: { runner: 'runbook', taskId: 'ServerTasks-1', process: OTHER, ...holder }, openedAt: '2026-01-05T10:00:00.000Z', heldSince: '2026-01-05T10:00:01.000Z', ...change,
});
const me: LeaseQuestion['me'] = { runner: 'runbook', taskId: 'ServerTasks-2', process: ME, host: 'host-1', stateFolder: '/state', rotationId: 'sc-20260105-0a1b2c3d' };
const dead: LeaseQuestion['holder'] = { processAlive: 'dead', taskCompleted: true };
const ask = (question: Partial<LeaseQuestion>): string => say(decideLease({ marker: marker(), me, opening: false, holder: dead, ...question }));
const say = (decision: LeaseDecision): string => ('take' in decision ? `${decision.take} ${decision.fence}` : 'wait' in decision ? 'wait' : decision.refuse.code);

describe('Who may go on', () => {
  const table: [string, Partial<LeaseQuestion>, string][] = [
    ['opens where there is no marker, when asked to', { marker: null, opening: true }, 'new 1'],
    ['opens above the fence that the state folder knows', { marker: null, opening: true, lastFence: 7 }, 'new 8'],
    ['does not open when not asked to', { marker: null }, 'ROTATION_NOT_OPEN'],
    ['D20: is refused on another host', { marker: marker({}, { host: 'host-2' }) }, 'LEASE_ELSEWHERE'],
    ['D20: is refused on another host though the holder is dead and the plan asks', { marker: marker({ process: null }, { host: 'host-2' }), opening: true, me: { ...me, rotationId: null } }, 'LEASE_ELSEWHERE'],
    ['D20: is refused with another state folder', { marker: marker({}, { stateFolder: '/other' }) }, 'LEASE_ELSEWHERE'],
    ['D4: is refused for another rotation than the open one', { me: { ...me, rotationId: 'sc-20260105-ffffffff' } }, 'ROTATION_OPEN'],
    ['joins whichever is open', { me: { ...me, rotationId: null } }, 'over 5'],
    ['goes on with the open one though asked to open', { me: { ...me, rotationId: null }, opening: true }, 'over 5'],
    ['D4: is refused while the holder is alive', { holder: { processAlive: 'alive', taskCompleted: false } }, 'LEASE_HELD'],
    ['D2: is refused while the process is alive though its task is completed', { holder: { processAlive: 'alive', taskCompleted: true } }, 'LEASE_HELD'],
    ['is refused while another step of the same run is alive', { marker: marker({ taskId: 'ServerTasks-2' }), holder: { processAlive: 'alive', taskCompleted: false } }, 'LEASE_HELD'],
    ['waits for the relay of the same rotation', { marker: marker({ runner: 'relay', taskId: null }), holder: { processAlive: 'alive', taskCompleted: 'unknown' } }, 'wait'],
    ['does not wait for the relay of another rotation', { marker: marker({ runner: 'relay' }), me: { ...me, rotationId: 'sc-20260105-ffffffff' }, holder: { processAlive: 'alive', taskCompleted: false } }, 'ROTATION_OPEN'],
    ['lets the relay wait for the step that handed over', { me: { ...me, runner: 'relay', taskId: null }, holder: { processAlive: 'alive', taskCompleted: false } }, 'wait'],
    ['lets the relay wait for the run that handed over', { marker: marker({ process: null }), me: { ...me, runner: 'relay', taskId: null }, holder: { processAlive: 'none', taskCompleted: false } }, 'wait'],
    ['is refused when the holder cannot be looked at', { holder: { processAlive: 'unknown', taskCompleted: true } }, 'LEASE_HOLDER_UNKNOWN'],
    ['D2: is refused while the run of a dead holder is not completed', { holder: { processAlive: 'dead', taskCompleted: false } }, 'LEASE_HELD_BY_RUN'],
    ['D2: is refused between two steps of another run', { marker: marker({ process: null }), holder: { processAlive: 'none', taskCompleted: false } }, 'LEASE_HELD_BY_RUN'],
    ['is refused when Octopus does not say whether that run is completed', { holder: { processAlive: 'dead', taskCompleted: 'unknown' } }, 'LEASE_HOLDER_UNKNOWN'],
    ['takes over from the dead', {}, 'over 5'],
    ['takes over from nobody', { marker: marker({ process: null, taskId: null }), holder: { processAlive: 'none', taskCompleted: 'unknown' } }, 'over 5'],
    ['takes again in the next step of its own run', { marker: marker({ process: null, taskId: 'ServerTasks-2' }), holder: { processAlive: 'none', taskCompleted: 'unknown' } }, 'again 5'],
    ['takes again in the same process', { marker: marker({ process: ME }), holder: { processAlive: 'alive', taskCompleted: false } }, 'again 5'],
    ['takes a fence above that of the state folder after a restored database', { lastFence: 9 }, 'over 10'],
    ['opens the next rotation when the marker is left of one that ended', { ended: true, opening: true, me: { ...me, rotationId: null } }, 'new 5'],
    ['does not open the next one while somebody is alive', { ended: true, opening: true, holder: { processAlive: 'alive', taskCompleted: false } }, 'LEASE_HELD'],
  ];
  it.each(table)('%s', (_, question, expected) => {
    expect(ask(question)).toBe(expected);
  });

  it('names who, since when and what to do', () => {
    const decision = decideLease({ marker: marker(), me, opening: false, holder: { processAlive: 'alive', taskCompleted: false } });
    if (!('refuse' in decision)) throw new Error('It was not refused.');
    expect(decision.refuse.message).toContain('the runbook on host-1, task ServerTasks-1, process 11, since 2026-01-05T10:00:01.000Z');
    expect(decision.refuse.next).toContain('ps -fp 11');
  });

  it('never gives the same fence to two takers, whatever dies, yields or is written in between', () => {
    type Step = { who: number; act: 'look' | 'swap' | 'fence' | 'yield' | 'die' | 'release' };
    const step = fc.record({ who: fc.integer({ min: 0, max: 3 }), act: fc.constantFrom<Step['act'][]>('look', 'look', 'swap', 'swap', 'fence', 'yield', 'die', 'release') });
    let taken = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 40, maxLength: 120, size: 'max' }), (steps) => {
        let store: { version: number; marker: LeaseMarker | null } = { version: 0, marker: null };
        let fenceFile = 0;
        const fences: number[] = [];
        let next = 100;
        const takers = [0, 1, 2, 3].map((index) => ({ runner: index === 3 ? ('relay' as const) : ('runbook' as const), taskId: `ServerTasks-${index}`, process: { pid: next++, started: '1', boot: 'b' }, plan: null as { version: number; fence: number; id: string } | null, fence: 0 }));
        for (const { who, act } of steps) {
          const taker = takers[who]!;
          const isHolder = store.marker !== null && taker.fence !== 0 && store.marker.fence === taker.fence;
          if (act === 'look') {
            const held = store.marker?.holder.process ?? null;
            const alive = held === null ? 'none' : takers.some((one) => one.process.pid === held.pid) ? 'alive' : 'dead';
            const decision = decideLease({
              marker: store.marker, opening: true, lastFence: fenceFile,
              me: { runner: taker.runner, taskId: taker.taskId, process: taker.process, host: 'h', stateFolder: '/s', rotationId: null },
              holder: { processAlive: alive, taskCompleted: alive !== 'alive' },
            });
            taker.plan = 'take' in decision ? { version: store.version, fence: decision.fence, id: store.marker?.rotationId ?? 'sc-20260105-0a1b2c3d' } : null;
          } else if (act === 'swap' && taker.plan !== null) {
            if (taker.plan.version === store.version) {
              store = { version: store.version + 1, marker: marker({ runner: taker.runner, taskId: taker.taskId, process: taker.process }, { host: 'h', stateFolder: '/s', fence: taker.plan.fence, rotationId: taker.plan.id }) };
              taker.fence = taker.plan.fence;
              fences.push(taker.fence);
              taken++;
            }
            taker.plan = null;
          } else if (act === 'fence' && isHolder) {
            fenceFile = taker.fence;
          } else if (act === 'yield' && isHolder && fenceFile === taker.fence) {
            store = { version: store.version + 1, marker: { ...store.marker!, holder: { ...store.marker!.holder, process: null } } };
            taker.fence = 0;
          } else if (act === 'release' && isHolder && fenceFile === taker.fence) {
            store = { version: store.version + 1, marker: null };
            taker.fence = 0;
          } else if (act === 'die') {
            taker.process = { pid: next++, started: '1', boot: 'b' };
            taker.plan = null;
            taker.fence = 0;
          }
        }
        expect(new Set(fences).size).toBe(fences.length);
        expect(fences).toEqual([...fences].sort((a, b) => a - b));
        // Whoever is alive and believes to hold it is alone.
        expect(takers.filter((one) => one.fence !== 0 && one.fence === store.marker?.fence).length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(500);
  });
});

describe('The marker as text', () => {
  it('D13: holds no "#{" and reads back as it was', () => {
    const odd = marker({}, { host: 'h#{Rotation.Secret}##', stateFolder: '/a "b"\\#{c}' });
    const text = markerText(odd);
    expect(text).not.toContain('#');
    expect(parseMarker(text)).toEqual(odd);
  });

  it('is refused when it is not what this program writes', async () => {
    for (const text of ['', 'x', '{}', '[]', 'null', JSON.stringify({ ...marker(), extra: 1 }), JSON.stringify({ ...marker(), fence: '4' }), JSON.stringify({ ...marker(), rotationId: '../x' })]) {
      expect(await codeOf((async () => parseMarker(text))()), text).toBe('LEASE_UNREADABLE');
    }
  });
});

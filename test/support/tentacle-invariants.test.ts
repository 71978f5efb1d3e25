import { expect, test } from 'vitest';
import { parseThumbprint, type Thumbprint } from '../../src/certificates/thumbprint.ts';
import type { Entry, EntryData, EntryKind } from '../../src/journal/contract.ts';
import { NEW, OLD, plannedMachine, THIRD } from './estate-pieces.ts';
import type { GroundTruth, TentacleTruth, TruthEvent } from './sandbox.ts';
import type { Switch } from './switches.ts';
import { checkTentacleInvariants, type ObservedTentacles } from './tentacle-invariants.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
const server = { Thumbprint: THIRD, CommunicationStyle: 1 as const, Address: null, Squid: null, SubscriptionId: null };
const [OTHER, OTHER_NEW, STRANGE] = ['A', 'B', 'F'].map((letter) => parseThumbprint(letter.repeat(40))) as [Thumbprint, Thumbprint, Thumbprint];

type Story = ObservedTentacles & { entries: Entry[]; switches: Map<string, Switch> };

/** Two machines, one after the other, in waves of one, cut off after a second. web-01 has two registrations. */
function story(until = 99): Story {
  const entries: Entry[] = [];
  const entry = <K extends EntryKind>(second: number, kind: K, subject: string, data: EntryData[K]): void => {
    if (second <= until) entries.push({ sequence: entries.length, at: at(second), fence: 1, runner: 'runbook', taskId: null, phase: 'x', kind, subject, data, previous: '', mac: '' } as unknown as Entry);
  };
  const tentacle = (machine: string, thumbprint: string): TentacleTruth => ({
    machine, on: true, running: true, pid: 1, starts: 1, ownThumbprint: thumbprint, stored: [server], effective: [server], port: 10933, config: '',
    ownCertificate: { presented: { thumbprint, signatureAlgorithm: 'sha256RSA' }, stored: null, inStore: [], nextStart: { thumbprint, signatureAlgorithm: 'sha256RSA' } },
  });
  const registration = (id: string, machine: string, thumbprint: string) => ({ id, space: 'Default', name: machine, as: 'target' as const, machine, uri: `https://${machine}:10933/`, thumbprint, signatureAlgorithm: null, isDisabled: false, healthStatus: 'Healthy', expected: {} });
  const before: GroundTruth = {
    server: { database: { thumbprint: THIRD }, nodes: [], loadBalancer: null, share: null },
    tentacles: [tentacle('web-01', OLD), tentacle('web-02', OTHER)],
    registrations: [registration('Machines-1', 'web-01', OLD), registration('Workers-1', 'web-01', OLD), registration('Machines-2', 'web-02', OTHER)],
    events: ([['web-01', OLD], ['web-02', OTHER]] as const).map(([machine, thumbprint]) => ({ at: at(0), machine, event: 'tentacle-started', thumbprint })),
  };
  const events: TruthEvent[] = [...before.events];
  const truth: GroundTruth = { ...structuredClone(before), events };
  const switches = new Map<string, Switch>(['web-01', 'web-02'].map((machine) => [machine, { note: 'none', job: false, staged: [] }]));
  const happens = (second: number, machine: string, event: string, detail: Record<string, unknown>, act: () => void = () => undefined): void => {
    if (second > until) return;
    events.push({ at: at(second), machine, event, ...detail });
    act();
  };
  const machines = ([['web-01', OLD], ['web-02', OTHER]] as const).map(([name, own]) => ({ ...plannedMachine({ key: name, name, own, uri: `https://${name}:10933/` }), due: '', signatureAlgorithm: null, notBefore: null, notAfter: null, clones: [], otherServers: [] }));
  const options = { offlineMachines: 'refuse' as const, enableDisabled: false, waves: { by: 'size' as const, size: 1, canaries: 1, stopAfter: 0 }, atOnce: 1, waivers: [], restartWatchSeconds: 150, method: 'switch' as const, confirmMinutes: 20, otherServers: 'refuse' as const };
  entry(1, 'tentacles-planned', 'estate', { planHash: '', server: THIRD, nodes: [], spaces: [], machines, notDue: 0, outOfScope: [], options, notTouched: [] });
  const rotate = (second: number, index: number, machine: string, old: string, fresh: string): void => {
    const found = truth.tentacles[index]!;
    entry(second, 'intent', machine, { effect: 'stage-certificate', detail: {} });
    entry(second + 1, 'tentacle-certificate', machine, { old, new: fresh, signature: 'strong' } as EntryData['tentacle-certificate']);
    entry(second + 2, 'intent', machine, { effect: 'arm-certificate', detail: { thumbprint: fresh } });
    happens(second + 3, machine, 'unit-started', { unit: `octopus-rotation-certificate-${old.slice(0, 8)}.service` }, () => switches.set(machine, { note: 'armed', job: true, staged: ['old-certificate', 'new-certificate'] }));
    entry(second + 4, 'intent', machine, { effect: 'register-certificate', detail: { thumbprint: fresh, direction: 'new' } });
    for (const row of truth.registrations.filter((one) => one.machine === machine)) happens(second + 5, 'octopus-01', 'registration-changed', { registration: row.id, name: row.name, from: old, to: fresh }, () => { row.thumbprint = fresh; });
    happens(second + 6, machine, 'tentacle-started', { thumbprint: fresh }, () => { found.ownCertificate = tentacle(machine, fresh).ownCertificate; });
    happens(second + 7, machine, 'tentacle-authenticated', { own: fresh });
    entry(second + 8, 'proved', machine, { claim: 'presents-new', how: 'wire', detail: {} });
    entry(second + 8, 'proved', machine, { claim: 'registered-new', how: 'rest', detail: {} });
    entry(second + 9, 'intent', machine, { effect: 'disarm-certificate', detail: {} });
    if (second + 10 <= until) switches.set(machine, { note: 'disarmed', job: false, staged: [] });
    entry(second + 11, 'proved', machine, { claim: 'disarmed', how: 'read-back', detail: {} });
  };
  rotate(2, 0, 'web-01', OLD, NEW);
  rotate(20, 1, 'web-02', OTHER, OTHER_NEW);
  entry(40, 'ended', 'estate', { outcome: 'completed' });
  return { truth, before, entries, switches, settled: true, fence: 1 };
}

/** The story, made untrue somewhere; the rules that it breaks. */
function rules(until: number, spoil: (observed: Story) => void): string[] {
  const observed = story(until);
  spoil(observed);
  return [...new Set(checkTentacleInvariants(observed).map((one) => one.rule))];
}
const without = (observed: Story, matches: (entry: Entry) => boolean): void => {
  observed.entries = observed.entries.filter((entry) => !matches(entry)).map((entry, sequence) => ({ ...entry, sequence }));
};
const intent = (effect: string) => (entry: Entry): boolean => entry.kind === 'intent' && entry.data.effect === effect;
const event = (observed: Story, name: string, which = -1): TruthEvent => observed.truth.events.filter((one) => one.event === name).at(which)!;
const forget = (observed: Story, name: string): void => void (observed.truth.events = observed.truth.events.filter((one) => one.event !== name));

test('a rotation that goes as it should breaks nothing, wherever it is looked at', () => {
  for (let second = 0; second <= 45; second++) expect(checkTentacleInvariants(story(second)), `cut off after second ${second}`).toEqual([]);
});

test('B1: a Tentacle that its registrations do not know is found, unless its switch is armed or the journal knows both', () => {
  // Between the restart and the PUT of a machine whose journal lost its certificate.
  const lost = (observed: Story) => { for (const row of observed.truth.registrations.filter((one) => one.machine === 'web-01')) row.thumbprint = STRANGE; };
  expect(rules(13, lost)).toEqual(expect.arrayContaining(['neverLost']));
  expect(rules(11, lost)).not.toContain('neverLost');
  expect(rules(19, (observed) => { for (const row of observed.truth.registrations) if (row.machine === 'web-01') row.thumbprint = OLD; })).not.toContain('neverLost');
  expect(rules(19, (observed) => { observed.truth.tentacles[0]!.ownCertificate.presented!.thumbprint = STRANGE; })).toContain('neverLost');
});

test('B3: one registration of several that was left behind is found at the end', () => {
  expect(rules(45, (observed) => { observed.truth.registrations[1]!.thumbprint = OLD; })).toContain('settledIsClean');
});

test('a certificate that nobody named, or that was applied before a way back was armed, is found', () => {
  expect(rules(9, (observed) => without(observed, (entry) => entry.kind === 'tentacle-certificate'))).toContain('appliedWithANet');
  expect(rules(9, (observed) => without(observed, intent('arm-certificate')))).toContain('appliedWithANet');
  expect(rules(9, (observed) => forget(observed, 'unit-started'))).toContain('appliedWithANet');
  expect(rules(9, (observed) => { event(observed, 'unit-started')['at'] = at(9); })).toContain('appliedWithANet');
  expect(rules(9, (observed) => { observed.entries.find(intent('arm-certificate'))!.at = at(9); })).toContain('appliedWithANet');
  // A machine of which the plan says nothing.
  expect(rules(19, ({ truth }) => {
    truth.events.push({ at: at(19), machine: 'web-03', event: 'tentacle-started', thumbprint: STRANGE });
    truth.tentacles.push({ ...truth.tentacles[0]!, machine: 'web-03' });
  })).toContain('appliedWithANet');
});

test('B2: disarmed without a proof, or without a new connection, or before it reverted, is found', () => {
  expect(rules(19, (observed) => without(observed, (entry) => entry.kind === 'proved' && entry.data.claim === 'presents-new'))).toEqual(['disarmedIsProved']);
  expect(rules(19, (observed) => forget(observed, 'tentacle-authenticated'))).toEqual(['disarmedIsProved']);
  expect(rules(19, (observed) => { event(observed, 'tentacle-authenticated')['own'] = OLD; })).toEqual(['disarmedIsProved']);
  // A polling Tentacle comes itself.
  const polls = (thumbprint: string) => (observed: Story) => void Object.assign(event(observed, 'tentacle-authenticated'), { event: 'polling-connected', machine: 'octopus-01', thumbprint });
  expect([rules(19, polls(NEW)), rules(19, polls(OLD))]).toEqual([[], ['disarmedIsProved']]);
  expect(rules(19, ({ truth }) => {
    truth.events.push({ at: at(18), machine: 'web-01', event: 'tentacle-started', thumbprint: OLD });
    truth.tentacles[0]!.ownCertificate.presented!.thumbprint = OLD;
  })).toContain('disarmedIsProved');
});

test('a proof that was not true is found', () => {
  expect(rules(12, (observed) => { event(observed, 'tentacle-started')['thumbprint'] = OLD; })).toContain('proofsWereTrue');
  expect(rules(12, (observed) => { observed.truth.events = observed.truth.events.filter((one) => one['registration'] !== 'Workers-1'); observed.truth.registrations[1]!.thumbprint = OLD; })).toEqual(['proofsWereTrue']);
  expect(rules(45, (observed) => { observed.entries.splice(-1, 0, { ...observed.entries.at(-2)!, subject: 'web-02', data: { claim: 'keeps-old', how: 'wire', detail: {} } } as unknown as Entry); })).toContain('proofsWereTrue');
});

test('B8: more unconfirmed machines than a wave, and a wave after the threshold, are found', () => {
  // web-02 starts before web-01 is confirmed.
  expect(rules(30, (observed) => without(observed, (entry) => entry.kind === 'proved' && entry.subject === 'web-01' && entry.data.claim === 'disarmed'))).toEqual(['withinTheWave']);
  const failed = (reason: string) => (observed: Story) => {
    const last = observed.entries.findIndex((entry) => entry.kind === 'proved' && entry.data.claim === 'disarmed');
    observed.entries[last] = { ...observed.entries[last]!, kind: 'left-behind', data: { reason, text: '', waiver: null } } as unknown as Entry;
  };
  expect(rules(30, failed('reverted'))).toEqual(['withinTheWave']);
  expect(rules(30, failed('off'))).toEqual([]);
});

test('a trust list that was touched is found', () => {
  expect(rules(45, ({ truth }) => { truth.tentacles[1]!.stored = []; })).toEqual(['trustUntouched']);
  expect(rules(45, ({ truth }) => { truth.tentacles[1]!.effective = [{ ...server, Squid: '' }]; })).toEqual(['trustUntouched']);
});

test('a registration that was written without an intent, or with what nobody named, is found', () => {
  expect(rules(9, (observed) => without(observed, intent('register-certificate')))).toEqual(['intentsFirst']);
  expect(rules(9, (observed) => { observed.entries.find(intent('register-certificate'))!.at = at(8); })).toEqual(['intentsFirst']);
  expect(rules(9, (observed) => { event(observed, 'registration-changed')['to'] = STRANGE; })).toContain('intentsFirst');
});

test('an end that leaves a job, staged files, an old certificate or a Tentacle that does not run is found, unless the machine is listed', () => {
  const spoils: ((observed: Story) => void)[] = [
    ({ switches }) => void switches.set('web-02', { note: 'disarmed', job: true, staged: [] }),
    ({ switches }) => void switches.set('web-02', { note: 'disarmed', job: false, staged: ['new.pfx'] }),
    ({ truth }) => { truth.tentacles[1]!.running = false; },
    (observed) => { observed.before.tentacles[1]!.ownCertificate.presented!.thumbprint = OTHER_NEW; },
  ];
  for (const spoil of spoils) expect(rules(45, spoil)).toContain('settledIsClean');
  expect(rules(45, (observed) => {
    spoils[0]!(observed);
    observed.entries.splice(-1, 0, { ...observed.entries.at(-2)!, kind: 'left-behind', subject: 'web-02', data: { reason: 'unreachable', text: '', waiver: null } } as unknown as Entry);
    observed.entries = observed.entries.map((entry, sequence) => ({ ...entry, sequence }));
  })).toEqual([]);
});

test('a fence that falls is found', () => {
  expect(rules(45, (observed) => { observed.entries[3]!.fence = 7; })).toEqual(['fences']);
  expect(rules(45, (observed) => { observed.fence = 0; })).toEqual(['fences']);
});

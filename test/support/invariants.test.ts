import { expect, test } from 'vitest';
import type { Entry, EntryData, EntryKind } from '../../src/journal/contract.ts';
import { NEW, OLD, plannedMachine, rotationOptions, THIRD } from './estate-pieces.ts';
import { checkInvariants, type Observed } from './invariants.ts';
import type { GroundTruth, TentacleTruth, TruthEvent } from './sandbox.ts';

const web = plannedMachine({ key: 'web', name: 'web-01', own: THIRD });
const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
const server = (thumbprint: string) => ({ Thumbprint: thumbprint, CommunicationStyle: 1, Address: null, Squid: null, SubscriptionId: null });
const FOREIGN = 'F'.repeat(40);

function tentacle(trusted: string[]): TentacleTruth {
  const list = [server(FOREIGN), ...trusted.map(server)];
  return { machine: 'web-01', on: true, running: true, pid: 1, starts: 1, ownThumbprint: THIRD, ownCertificate: { presented: null, stored: null, inStore: [], nextStart: null }, stored: list, effective: structuredClone(list), port: 10933, config: '' };
}

/** A rotation as it should go, second by second, cut off after `until`. */
function story(until = 99): Observed & { entries: Entry[] } {
  const entries: Entry[] = [];
  let fence = 1;
  const entry = <K extends EntryKind>(second: number, kind: K, subject: string, data: EntryData[K]): void => {
    if (second <= until) entries.push({ sequence: entries.length, at: at(second), fence, runner: 'relay', taskId: null, phase: 'x', kind, subject, data, previous: '', mac: '' } as unknown as Entry);
  };
  const before: GroundTruth = {
    server: { database: { thumbprint: OLD }, nodes: [{ name: 'N', machine: 'web-01', running: true, pid: 1, presents: OLD, starts: 1, drained: false, lastSeen: at(0), version: '2026.2.1000', webPort: 1, commsPort: 2 }], loadBalancer: null, share: null }, registrations: [], tentacles: [tentacle([OLD])],
    events: [{ at: at(0), machine: 'web-01', event: 'tentacle-started', effective: [FOREIGN, OLD] }, { at: at(0), machine: 'web-01', event: 'server-started', thumbprint: OLD }],
  };
  const events: TruthEvent[] = [...before.events];
  const truth: GroundTruth = { ...structuredClone(before), events };
  const happens = (second: number, event: string, detail: Record<string, unknown>, act: () => void = () => undefined): void => {
    if (second > until) return;
    events.push({ at: at(second), machine: 'web-01', event, ...detail });
    act();
  };
  const restart = (second: number, trusted: string[]): void => happens(second, 'tentacle-started', { effective: [FOREIGN, ...trusted] }, () => { truth.tentacles[0]!.effective = tentacle(trusted).effective; });
  const write = (second: number, trusted: string[]): void => happens(second, 'tentacle-config-written', { trusted: [FOREIGN, ...trusted] }, () => { truth.tentacles[0]!.stored = tentacle(trusted).stored; });

  entry(1, 'planned', 'estate', { planHash: '', old: OLD, oldSignature: '', nodes: [], spaces: [], machines: [web], outOfScope: [], options: rotationOptions(), notTouched: [] });
  entry(2, 'proved', 'server', { claim: 'old-backed-up', how: 'file', detail: {} });
  entry(3, 'new-certificate', 'server', { thumbprint: NEW, sha256: '', notAfter: '', signatureAlgorithm: '', keyBits: 2048 });
  entry(4, 'intent', 'web', { effect: 'add-trust', detail: { thumbprint: NEW } });
  write(5, [OLD, NEW]);
  happens(6, 'unit-stopped', { unit: 'Tentacle.service', requested: true });
  restart(7, [OLD, NEW]);
  entry(8, 'proved', 'web', { claim: 'trusts-new', how: 'wire', detail: {} });
  fence = 2;
  entry(20, 'intent', 'N', { effect: 'drain', detail: {} });
  happens(21, 'drain-changed', { drained: true });
  entry(22, 'proved', 'web', { claim: 'trusts-new', how: 'wire', detail: {} });
  entry(23, 'intent', 'server', { effect: 'import-certificate', detail: { thumbprint: NEW } });
  happens(24, 'certificate-imported', { from: OLD, to: NEW }, () => { truth.server.database.thumbprint = NEW; });
  entry(25, 'intent', 'server', { effect: 'restart-server', detail: {} });
  happens(26, 'unit-stopped', { unit: 'octopusserver.service', requested: true });
  happens(27, 'server-started', { thumbprint: NEW }, () => { truth.server.nodes[0]!.presents = NEW; });
  entry(28, 'proved', 'server', { claim: 'node-presents-new', how: 'wire', detail: {} });
  entry(29, 'intent', 'N', { effect: 'undrain', detail: {} });
  happens(30, 'drain-changed', { drained: false });
  entry(40, 'intent', 'web', { effect: 'retire-trust', detail: { thumbprint: OLD } });
  write(41, [NEW]);
  restart(42, [NEW]);
  entry(43, 'proved', 'web', { claim: 'distrusts-old', how: 'wire', detail: {} });
  entry(44, 'ended', 'estate', { outcome: 'completed' });
  return { truth, before, entries, settled: until > 30 || until < 20, oldPfxOpens: true, fence: 2 };
}

/** The story, made untrue somewhere. */
function rules(until: number, spoil: (observed: Observed & { entries: Entry[] }) => void): string[] {
  const observed = story(until);
  spoil(observed);
  return [...new Set(checkInvariants(observed).map((one) => one.rule))];
}
const without = (observed: Observed & { entries: Entry[] }, matches: (entry: Entry) => boolean): void => {
  observed.entries = observed.entries.filter((entry) => !matches(entry)).map((entry, sequence) => ({ ...entry, sequence }));
};
const event = (observed: Observed, name: string, which = -1): TruthEvent => observed.truth.events.filter((one) => one.event === name).at(which)!;

test('a rotation that goes as it should breaks nothing, wherever it is looked at', () => {
  for (let second = 0; second <= 45; second++) expect(checkInvariants(story(second)), `cut off after second ${second}`).toEqual([]);
});

test('a fence that falls, and a state folder that is behind, are found', () => {
  expect(rules(99, ({ entries }) => { entries[3]!.fence = 7; })).toEqual(['fences']);
  expect(rules(99, (observed) => { observed.fence = 1; })).toEqual(['fences']);
});

test('an effect without an intent on disk before it is found, whichever it is', () => {
  for (const [effect, until] of [['add-trust', 7], ['drain', 22], ['import-certificate', 24], ['restart-server', 27], ['undrain', 30], ['retire-trust', 43]] as const) {
    expect(rules(until, (observed) => without(observed, (entry) => entry.kind === 'intent' && entry.data.effect === effect)), effect).toContain('intentsFirst');
  }
  expect(rules(7, ({ entries }) => { entries.find((one) => one.kind === 'intent')!.at = at(6); })).toEqual(['intentsFirst']);
  expect(rules(24, ({ truth }) => void truth.events.push({ at: at(24), machine: 'web-01', event: 'certificate-imported', from: NEW, to: NEW }))).toEqual(['intentsFirst']);
});

test('a proof that was not true is found', () => {
  expect(rules(8, (observed) => { event(observed, 'tentacle-started')['effective'] = [FOREIGN, OLD]; })).toEqual(['proofsWereTrue']);
  expect(rules(43, (observed) => { event(observed, 'tentacle-started')['effective'] = [FOREIGN, OLD, NEW]; event(observed, 'tentacle-started', -2)['at'] = at(33); })).toEqual(['proofsWereTrue']);
  expect(rules(28, (observed) => { event(observed, 'server-started')['thumbprint'] = OLD; })).toEqual(['proofsWereTrue']);
});

test('a node that a Tentacle does not trust is found, unless the machine is left behind or does not run', () => {
  const untrusted = (observed: Observed) => { observed.truth.tentacles[0]!.effective = tentacle([OLD]).effective; };
  expect(rules(29, untrusted)).toEqual(['nodesAreTrusted']);
  expect(rules(29, (observed) => {
    untrusted(observed);
    observed.entries.push({ ...observed.entries[0]!, sequence: observed.entries.length, fence: 2, at: at(22), kind: 'left-behind', subject: 'web', data: { reason: 'off', text: '', waiver: null } } as unknown as Entry);
  })).toEqual([]);
  expect(rules(29, (observed) => { observed.truth.tentacles[0]!.effective = null; observed.truth.tentacles[0]!.running = false; })).toEqual([]);
});

test('another OLD, another NEW, and a foreign certificate are found', () => {
  const again = (kind: EntryKind, change: object) => (observed: Observed & { entries: Entry[] }) => {
    const found = observed.entries.find((one) => one.kind === kind)!;
    observed.entries.push({ ...found, sequence: observed.entries.length, fence: 2, data: { ...found.data, ...change } } as unknown as Entry);
  };
  expect(rules(8, again('planned', { old: FOREIGN }))).toContain('certificatesAreFixed');
  expect(rules(8, again('new-certificate', { thumbprint: FOREIGN }))).toEqual(['certificatesAreFixed']);
  expect(rules(8, ({ truth }) => { truth.server.database.thumbprint = FOREIGN; })).toEqual(['certificatesAreFixed']);
  expect(rules(24, (observed) => { event(observed, 'certificate-imported')['from'] = FOREIGN; })).toEqual(['certificatesAreFixed']);
});

test('an import without a proof of every machine since the drain is found', () => {
  expect(rules(24, (observed) => without(observed, (entry) => entry.kind === 'proved' && entry.at === at(22)))).toEqual(['importsWereProved']);
  expect(rules(24, ({ entries }) => { (entries.find((one) => one.at === at(22)) as Entry<'proved'>).data.how = 'read-back'; })).toEqual(['importsWereProved']);
  expect(rules(24, ({ truth }) => void truth.tentacles.push({ ...tentacle([OLD]), machine: 'new-01', ownThumbprint: 'A'.repeat(40) }))).toEqual(['importsWereProved']);
  expect(rules(24, (observed) => { event(observed, 'drain-changed')['drained'] = false; })).toContain('importsWereProved');
});

test('retiring what the database or a node still shows, or what alone is in force, is found', () => {
  expect(rules(41, (observed) => { event(observed, 'certificate-imported')['to'] = OLD; observed.truth.server.database.thumbprint = OLD; })).toContain('retiredOnlyWhatIsOut');
  expect(rules(41, (observed) => { event(observed, 'server-started')['thumbprint'] = OLD; })).toContain('retiredOnlyWhatIsOut');
  expect(rules(41, (observed) => { event(observed, 'tentacle-started')['effective'] = [OLD]; })).toContain('retiredOnlyWhatIsOut');
});

test('a closed way back is found while roll back is open', () => {
  expect(rules(30, (observed) => { observed.oldPfxOpens = false; })).toEqual(['wayBack']);
  expect(rules(30, (observed) => { observed.oldPfxOpens = null; })).toEqual(['wayBack']);
  expect(rules(30, ({ truth }) => { truth.tentacles[0]!.effective = tentacle([NEW]).effective; })).toEqual(['wayBack']);
});

test('an entry of another Octopus Server that was changed or lost is found', () => {
  expect(rules(99, ({ truth }) => { truth.tentacles[0]!.stored!.shift(); })).toEqual(['foreignKept']);
  expect(rules(99, ({ truth }) => { truth.tentacles[0]!.effective![0]!.Squid = ''; })).toEqual(['foreignKept']);
});

test('an end that leaves the loser trusted, or the winner not in force, is found', () => {
  expect(rules(99, ({ truth }) => { truth.tentacles[0]!.stored = tentacle([OLD, NEW]).stored; })).toEqual(['endedIsClean']);
  expect(rules(99, ({ truth }) => { truth.tentacles[0]!.effective = tentacle([OLD, NEW]).effective; })).toEqual(['endedIsClean']);
  expect(rules(99, ({ truth }) => { truth.server.nodes[0]!.presents = OLD; })).toContain('endedIsClean');
});

test('what does not run, or is left drained, when nothing goes on any more is found', () => {
  expect(rules(99, ({ truth }) => { truth.tentacles[0]!.running = false; truth.tentacles[0]!.effective = null; })).toEqual(['settledRuns']);
  expect(rules(99, ({ truth }) => { truth.server.nodes[0]!.running = false; })).toEqual(['settledRuns']);
  expect(rules(29, (observed) => { observed.settled = true; })).toEqual(['settledRuns']);
});

test('A2: what a polling Tentacle listens with is not what it polls with', () => {
  const observed = { ...story(), settled: true };
  for (const entry of observed.entries) if (entry.kind === 'planned') Object.assign(entry.data, { machines: [{ ...web, route: 'polling' }] });
  const listens = checkInvariants(observed).filter((one) => one.rule === 'nodesAreTrusted');
  expect(listens.map((one) => one.text)).toEqual([expect.stringContaining('is not in force on web-01') as string]);
  for (const one of observed.truth.tentacles[0]!.effective!) one.CommunicationStyle = 2;
  expect(checkInvariants(observed).filter((one) => one.rule === 'nodesAreTrusted')).toEqual([]);
});

test('a polling Tentacle is proved by reading back before the drain, a listening one is not', () => {
  const observed = { ...story(), settled: true };
  for (const entry of observed.entries) if (entry.kind === 'proved' && entry.subject === 'web' && entry.data.claim === 'trusts-new') Object.assign(entry.data, { how: 'read-back' });
  const imported = () => checkInvariants(observed).filter((one) => one.rule === 'importsWereProved');
  expect(imported()).toHaveLength(1);
  for (const entry of observed.entries) if (entry.kind === 'planned') Object.assign(entry.data, { machines: [{ ...web, route: 'polling' }] });
  expect(imported()).toEqual([]);
});

test('A15: of two nodes the second counts as well: what it presents, that it was drained, that the first was back', () => {
  const second = { second: 27, drained: true, back: 27.4, presents: NEW as string };
  const found = (change: Partial<typeof second>): string[] => {
    const told = { ...second, ...change };
    const observed = { ...story(), settled: true };
    const two = { ...observed.truth.server.nodes[0]!, name: 'N2', machine: 'octopus-02', presents: told.presents };
    observed.truth.server.nodes.push(two);
    const events = [
      { at: at(0), machine: 'octopus-02', event: 'server-started', thumbprint: OLD },
      { at: at(26.1), machine: 'octopus-02', event: 'drain-changed', node: 'N2', drained: told.drained },
      { at: at(26.2), machine: 'octopus-02', event: 'unit-stopped', unit: 'octopusserver.service', requested: true },
      { at: at(told.back), machine: 'octopus-02', event: 'server-started', thumbprint: told.presents },
      { at: at(29), machine: 'octopus-02', event: 'drain-changed', node: 'N2', drained: false },
    ];
    for (const event of observed.truth.events) if (event.event === 'drain-changed') event['node'] = 'N';
    observed.truth.events.push(...events);
    observed.truth.events.sort((one, other) => (one.at < other.at ? -1 : 1));
    observed.before.events = observed.truth.events.filter((event) => event.at === at(0));
    return [...new Set(checkInvariants(observed).map((one) => one.rule))];
  };
  expect(found({})).not.toContain('retiredOnlyWhatIsOut');
  expect(found({ presents: OLD })).toEqual(expect.arrayContaining(['proofsWereTrue', 'retiredOnlyWhatIsOut', 'endedIsClean']));
  expect(found({ drained: false })).toContain('intentsFirst');
});

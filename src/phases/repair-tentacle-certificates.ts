import type RepairTentacleCertificatesInputs from '../../steps/repair-tentacle-certificates/inputs.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import { counted } from '../errors/counted.ts';
import { printable } from '../errors/printable.ts';
import { regenerateErrors } from '../errors/regenerate.ts';
import { demandPass } from '../gates/verdict.ts';
import { seesEverything } from '../gates/visibility.ts';
import type { Entry, EntryData, LeftBehindReason, PlannedMachine, PlannedTentacle, TentacleOptions } from '../journal/contract.ts';
import { tentacleFacts } from '../journal/tentacle-views.ts';
import type { OctopusClient } from '../octopus/contract.ts';
import { settleCertificate } from './certificate-exchange.ts';
import { shownByMachines, type Shown } from './certificate-observation.ts';
import { throughServer } from './certificate-reach.ts';
import { inParallel } from './concurrency.ts';
import type { Phase, PhaseContext, PhaseResult } from './context.ts';
import { ownThumbprint } from './host-script.ts';
import { readInventory, type Inventory } from './inventory.ts';
import { openedBy } from './opening.ts';
import { planHash } from './plan-hash.ts';
import { presentMachines } from './present-machines.ts';
import { findOpenRotationOf, openRotation, pastJournals, withRotation, type Rotation } from './rotation.ts';

const PHASE = 'repair-tentacle-certificates';
const AT_ONCE = 10;
/** A repair begins nothing, so most of the options of a plan say nothing to it. */
const OPTIONS: TentacleOptions = { offlineMachines: 'leave-behind', enableDisabled: false, waves: { by: 'size', size: AT_ONCE, canaries: 0, stopAfter: 0 }, atOnce: AT_ONCE, waivers: [], restartWatchSeconds: 150, method: 'repair', confirmMinutes: 10, otherServers: 'accept' };

/** A Tentacle that does not answer to its registration, or shows another certificate, with each certificate that a journal knows of it. */
interface HalfWay { machine: PlannedMachine; known: Thumbprint[]; why: string }

/**
 * Brings Tentacles that a person, another tool or a killed rotation left half-way back to one certificate, in the configuration, in force and in
 * each registration, with nothing armed (B1). Works on the open rotation where there is one; else it opens one that only repairs, and ends it.
 */
export const phase: Phase<RepairTentacleCertificatesInputs> = {
  name: PHASE,
  title: 'Repair Tentacle certificates',
  async run(context, inputs) {
    const octopus = context.octopus(inputs.ServerUrl, inputs.ApiKey);
    const spaces = await octopus.spaces();
    demandPass(seesEverything(await octopus.permissions(), spaces));
    const open = await findOpenRotationOf('tentacle-certificates', context, inputs, octopus);
    const names = new Set((inputs.Machines ?? '').split(/[,\n]/).map((one) => one.trim().toLowerCase()).filter((one) => one !== ''));
    const isMeant = (machine: PlannedMachine) => !machine.isHost && (names.size === 0 || machine.registrations.some((one) => names.has(one.name.toLowerCase())));
    if (open) return withRotation(context, PHASE, { ...inputs, RotationId: open.rotationId }, { requires: [], planning: true }, (rotation) => repairOpen(context, rotation, isMeant));

    const inventory = await readInventory(octopus, spaces, await ownThumbprint(context));
    const halfWay = await findHalfWay(context, inventory, inventory.machines.filter(isMeant), knownByPlace(await pastJournals(context, inputs)), names.size > 0);
    if (halfWay.length === 0) return { outcome: 'stop', outputs: { MendedCount: '0', UnmendedCount: '0' }, headline: 'No Tentacle is half-way, as far as a journal knows: each answers to its registration, or no other certificate of it is known.' };
    const rotationId = await openRotation(context, inputs, octopus, openedBy(context, inputs, { octopus, ...(await octopus.about()) }, { rotation: 'tentacle-certificates', forced: null, why: 'Tentacles were left half-way between two certificates.' }), { kind: 'tentacles-planned', subject: 'estate', data: await planOf(octopus, inventory, halfWay) });
    return withRotation(context, PHASE, { ...inputs, RotationId: rotationId }, { requires: [], planning: true }, async (rotation) => {
      // Each is on record with this rotation, so that whoever goes on with it knows what may be tried.
      for (const { machine, known } of halfWay) for (const one of known) await rotation.record({ kind: 'tentacle-certificate', subject: machine.key, data: { old: machine.own, new: one, signature: 'unknown' } });
      return repairOpen(context, rotation, isMeant);
    });
  },
};

async function repairOpen(context: PhaseContext, rotation: Rotation, isMeant: (machine: PlannedMachine) => boolean): Promise<PhaseResult> {
  const isRepairOnly = rotation.tentacles.options.method === 'repair';
  const present = (await presentMachines(context, rotation)).filter(isMeant);
  const machines = isRepairOnly ? present.filter((machine) => !isSettled(rotation, machine)) : await halfWayOf(context, rotation, present);
  const reach = throughServer(context, rotation);
  const unmended: { name: string; key: string; reason: LeftBehindReason; text: string }[] = [];
  await inParallel(machines, AT_ONCE, async (machine) => {
    const outcome = machine.isDisabled ? ({ rotated: false, failure: { reason: 'disabled', text: 'it is disabled, and Octopus skips disabled machines' } } as const) : await settleCertificate(context, rotation, machine, reach);
    if (outcome.rotated) context.voice.info(`${printable(machine.name)} has certificate ${outcome.fresh}, which was confirmed on it; its registrations hold it.`);
    else if (outcome.failure.reason === 'reverted') context.voice.info(`${printable(machine.name)}: ${printable(outcome.failure.text, 300)}.`);
    else unmended.push({ name: machine.name, key: machine.key, reason: outcome.failure.reason, text: outcome.failure.text });
  });
  if (isRepairOnly) {
    for (const { key, reason, text } of unmended) await rotation.record({ kind: 'left-behind', subject: key, data: { reason, text, waiver: null } });
    // It ends in any case: who is still half-way is found again by the next repair.
    await rotation.prove('estate', 'verified', 'rest', { machines: machines.length - unmended.length });
  }
  if (unmended.length > 0) throw regenerateErrors.REPAIR_INCOMPLETE({ machines: unmended.map(({ name, text }) => ({ name, reason: text })) });
  return {
    outcome: 'continue',
    outputs: { RotationId: rotation.id, MendedCount: String(machines.length), UnmendedCount: '0' },
    headline: machines.length === 0 ? 'No Tentacle of the open rotation is half-way.' : `${counted(machines.length, 'Tentacle')} brought to a certificate that the registrations hold.`,
  };
}

/** Done by this repair already, by a run that was killed after it. */
function isSettled(rotation: Rotation, machine: PlannedMachine): boolean {
  return rotation.entries().some((entry) => entry.kind === 'proved' && entry.subject === machine.key && (entry.data.claim === 'keeps-old' || entry.data.claim === 'disarmed'));
}

/** Of an open rotation: whoever is between its certificates, and whoever is registered with one and shows another, or does not answer. */
async function halfWayOf(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[]): Promise<PlannedMachine[]> {
  const shown = await shownByMachines(context, machines);
  const health = new Map<string, { thumbprint: Thumbprint | null; isAway: boolean }>();
  for (const { id } of rotation.scope.spaces) for (const one of await rotation.octopus.registrations(id)) health.set(one.id, { thumbprint: one.thumbprint, isAway: one.healthStatus === 'Unavailable' });
  return machines.filter((machine) => {
    const { news, fresh, keepOld, armed, rotated } = tentacleFacts(rotation.entries(), machine.key);
    if (news.length === 0 && armed === 'no') return false;
    if (!rotated && (keepOld !== null || fresh !== null)) return true;
    return machine.registrations.some((one) => differs(health.get(one.id), shown.get(machine.key) ?? null));
  });
}

function differs(registered: { thumbprint: Thumbprint | null; isAway: boolean } | undefined, shown: Shown): boolean {
  if (registered === undefined) return false;
  return shown === null ? registered.isAway : shown !== 'silent' && shown.thumbprint !== registered.thumbprint;
}

/** Every certificate that a journal knows of a Tentacle, by where it answers, which does not change with it. */
function knownByPlace(journals: readonly (readonly Entry[])[]): Map<string, Set<Thumbprint>> {
  const known = new Map<string, Set<Thumbprint>>();
  for (const entry of journals.flat()) {
    if (entry.kind !== 'tentacle-certificate') continue;
    const place = placeOf(entry.subject);
    known.set(place, (known.get(place) ?? new Set()).add(entry.data.old).add(entry.data.new));
  }
  return known;
}

const placeOf = (key: string): string => key.slice(key.indexOf('@'));

/** `isAsked`: named by a person, and tried even where Octopus last found it well. */
async function findHalfWay(context: PhaseContext, inventory: Inventory, machines: readonly PlannedMachine[], known: ReadonlyMap<string, ReadonlySet<Thumbprint>>, isAsked: boolean): Promise<HalfWay[]> {
  const shown = await shownByMachines(context, machines);
  const away = new Set(inventory.registrations.filter((one) => one.healthStatus === 'Unavailable').map((one) => `${one.kind} ${one.id}`));
  return machines.flatMap((machine) => {
    const others = [...(known.get(placeOf(machine.key)) ?? [])].filter((one) => one !== machine.own);
    const look = shown.get(machine.key)!;
    const isAway = machine.registrations.some((one) => away.has(`${one.kind} ${one.id}`));
    const isOther = look !== null && look !== 'silent' && look.thumbprint !== machine.own;
    if (isOther && !others.includes(look.thumbprint)) context.voice.warn(`${printable(machine.name)} is registered with ${machine.own} and shows ${look.thumbprint}, which no journal knows: make sure whose it is, then register it anew.`);
    if (others.length === 0 || !(isOther || (look === null && (isAway || isAsked)))) return [];
    return [{ machine, known: others, why: isOther ? `it shows ${look.thumbprint}, and its registration expects ${machine.own}` : 'it does not answer to its registration' }];
  });
}

async function planOf(octopus: OctopusClient, inventory: Inventory, halfWay: readonly HalfWay[]): Promise<EntryData['tentacles-planned']> {
  const machines = halfWay.map(({ machine, why }): PlannedTentacle => ({ ...machine, due: why, signatureAlgorithm: null, notBefore: null, notAfter: null, clones: [], otherServers: [] }));
  const plan = { server: (await octopus.certificate()).thumbprint, nodes: (await octopus.nodes()).map(({ id, name }) => ({ id, name })), spaces: inventory.spaces, machines, notDue: inventory.machines.length - machines.length, outOfScope: inventory.outOfScope, options: OPTIONS, notTouched: ['every other Tentacle'] };
  return { ...plan, planHash: planHash({ server: plan.server }, plan) };
}

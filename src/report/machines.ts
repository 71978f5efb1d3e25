import { createHash } from 'node:crypto';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import { printable } from '../errors/printable.ts';
import type { Entry, PlannedMachine, ProofClaim } from '../journal/contract.ts';
import { endOf, firstRetireIntent, leftBehind, newCertificate, plan, proofOf } from '../journal/views.ts';
import { repairCommand, repairScript } from '../tentacle/repair.ts';
import type { Proof, Report } from '../../schemas/types/report.ts';
import { lastOf } from './entries.ts';
import { trustIn } from './proofs.ts';

type Machine = Report['machines'][number];
type LeftBehind = Report['leftBehind'][number];
type Unproved = Report['unproved'][number];
/** What a machine must trust, and not; `beside`: whose entries a polling one has now. */
interface RepairWish { trust: Thumbprint; distrust?: Thumbprint; beside: Thumbprint }

/** The certificates of a rotation and how far it went: enough to say what a machine must trust. */
export interface Direction {
  old: Thumbprint;
  new: Thumbprint | null;
  /** The first intent to retire is written: OLD is on its way out. */
  retiring: boolean;
  /** NEW lost: the rotation was rolled back or abandoned, or only its end is missing. */
  undone: boolean;
}

/** Reads the direction out of the journal; null before the plan was fixed. */
export function directionOf(entries: readonly Entry[]): Direction | null {
  const planned = plan(entries);
  if (!planned) return null;
  const end = endOf(entries);
  return {
    old: planned.old,
    new: newCertificate(entries)?.thumbprint ?? null,
    retiring: firstRetireIntent(entries) !== null,
    undone: end === null ? proofOf(entries, 'estate', 'rolled-back') !== null || proofOf(entries, 'estate', 'abandoned') !== null : end !== 'completed',
  };
}

/** What a machine that was left behind must trust, and what not; null while there is no NEW that it should trust. */
function repairWish(direction: Direction): RepairWish | null {
  if (direction.new === null) return null;
  if (direction.undone) return { trust: direction.old, distrust: direction.new, beside: direction.new };
  return { trust: direction.new, ...(direction.retiring ? { distrust: direction.old } : {}), beside: direction.old };
}

/** The same for a machine that stands in the way: what it must trust beside what it has, and nothing is taken from it. */
function wishFor(claim: ProofClaim, direction: Direction): RepairWish | null {
  if (direction.new === null) return null;
  return claim === 'trusts-old' ? { trust: direction.old, beside: direction.new } : { trust: direction.new, beside: direction.old };
}

/** How that is done on the machine itself: one line where one can do it, else the name of the script that comes with the report. */
function repairFor(machine: PlannedMachine, wish: RepairWish | null): string | null {
  if (wish === null) return null;
  const { beside: _, ...thumbprints } = wish;
  return repairCommand({ route: machine.route, shell: machine.shell, ...thumbprints }) ?? runScript(machine);
}

/** A name of typed tokens only (rule 14): the machine's own name is foreign text. */
export function repairScriptName(machine: Pick<PlannedMachine, 'own' | 'shell' | 'uri'>): string {
  const place = createHash('sha256').update(machine.uri).digest('hex').slice(0, 6);
  return `repair-${machine.own.slice(0, 12)}-${place}.${machine.shell === 'Bash' ? 'sh' : 'ps1'}`;
}

function runScript(machine: PlannedMachine): string {
  const name = repairScriptName(machine);
  return machine.shell === 'Bash' ? `sudo env "PATH=$PATH:/opt/octopus/tentacle" bash ${name}` : `powershell -ExecutionPolicy Bypass -File ${name}`;
}

/** The scripts that mend the machines that are left behind or stand in the way, by file name. */
export function repairScripts(entries: readonly Entry[]): { name: string; text: string }[] {
  const direction = directionOf(entries);
  const planned = plan(entries);
  if (!direction || !planned) return [];
  const left = leftBehind(entries);
  const unproved = standingUnproved(entries);
  return planned.machines.flatMap((machine) => {
    const behind = left.get(machine.key);
    if (behind?.data.reason === 'web-socket') return [];
    const claim = unproved.get(machine.key)?.data.claim;
    const wish = behind ? repairWish(direction) : claim ? wishFor(claim, direction) : null;
    if (wish === null) return [];
    const { beside, ...thumbprints } = wish;
    return [{ name: repairScriptName(machine), text: repairScript({ route: machine.route, shell: machine.shell, ...thumbprints, old: beside }) }];
  });
}

/** The last word about the trust of each machine for which it was that it is not proved. Nothing stands in the way of a rotation that has ended. */
function standingUnproved(entries: readonly Entry[]): Map<string, Entry<'unproved'>> {
  const standing = new Map<string, Entry<'unproved'>>();
  if (endOf(entries) !== null) return standing;
  for (const entry of entries) {
    if ((entry.kind !== 'proved' && entry.kind !== 'unproved') || (entry.data.claim !== 'trusts-new' && entry.data.claim !== 'trusts-old')) continue;
    // Going back asks for OLD alone, so what was missing before is in nobody's way.
    if (entry.kind === 'unproved') standing.set(entry.subject, entry);
    else standing.delete(entry.subject);
  }
  return standing;
}

/** The machines that stand in the way, in the order of the plan, each with what mends it. */
export function reportUnproved(machines: readonly PlannedMachine[], direction: Direction, left: ReadonlyMap<string, unknown>, entries: readonly Entry[]): Unproved[] {
  const standing = standingUnproved(entries);
  return machines.flatMap((machine) => {
    const entry = left.has(machine.key) ? undefined : standing.get(machine.key);
    return entry ? [{ machine: printable(machine.name), key: printable(machine.key, 300), text: printable(entry.data.reason, 400), since: entry.at, repair: repairFor(machine, wishFor(entry.data.claim, direction)) }] : [];
  });
}

/** One machine in scope, with everything that is known of it. */
export function reportMachine(machine: PlannedMachine, direction: Direction, proofs: readonly Proof[], entries: readonly Entry[], left: ReadonlyMap<string, unknown>): Machine {
  const own = proofs.filter((proof) => proof.subject === printable(machine.key, 300));
  const old = trustIn(own, { trusts: 'trusts-old', distrusts: 'distrusts-old' });
  const fresh = trustIn(own, { trusts: 'trusts-new', distrusts: 'distrusts-new', written: 'trust-written' });
  const foreign = lastOf(entries, 'foreign-trust', machine.key);
  return {
    ...aboutMachine(machine),
    status: left.has(machine.key) ? 'left-behind' : isProved(direction, old.state, fresh.state) ? 'proved' : 'pending',
    old,
    new: fresh,
    certificate: null,
    proofs: own,
    foreignTrust: (foreign?.data.thumbprints ?? []).map((thumbprint) => printable(thumbprint)),
  };
}

/** What a machine is, whatever is rotated. */
export function aboutMachine(machine: PlannedMachine): Pick<Machine, 'key' | 'name' | 'own' | 'uri' | 'isHost' | 'route' | 'registrations'> {
  return {
    key: printable(machine.key, 300),
    name: printable(machine.name),
    own: machine.own,
    uri: printable(machine.uri, 300),
    isHost: machine.isHost,
    route: routeText(machine),
    registrations: machine.registrations.map((registration) => ({ space: printable(registration.spaceName), name: printable(registration.name), kind: registration.kind, disabled: registration.isDisabled })),
  };
}

function isProved(direction: Direction, old: string, fresh: string): boolean {
  if (direction.undone) return old === 'trusted';
  return fresh === 'trusted' && (!direction.retiring || old === 'refused');
}

/** The machines left behind, in the order of the plan. */
export function reportLeftBehind(machines: readonly PlannedMachine[], direction: Direction, left: ReadonlyMap<string, Entry<'left-behind'>>): LeftBehind[] {
  return machines.flatMap((machine) => {
    const entry = left.get(machine.key);
    if (!entry) return [];
    return behindMachine(machine, entry, repairFor(machine, repairWish(direction)));
  });
}

/** Why a machine is left behind, and what mends it. Nothing about one that is out of scope since it told what it is. */
export function behindMachine(machine: PlannedMachine, { at, data }: Entry<'left-behind'>, repair: string | null): LeftBehind[] {
  const { waiver, reason } = data;
  if (reason === 'web-socket') return [];
  return [{
    machine: printable(machine.name),
    key: printable(machine.key, 300),
    reason,
    text: printable(data.text, 400),
    since: at,
    waiver: waiver && { by: printable(waiver.by), reason: printable(waiver.reason, 400), until: printable(waiver.until) },
    repair,
  }];
}

function routeText(machine: PlannedMachine): string {
  const system = machine.shell === 'Bash' ? 'Linux' : 'Windows';
  if (machine.route === 'polling') return `polling Tentacle on ${system}`;
  return machine.viaProxy ? `listening Tentacle on ${system}, through a proxy` : `listening Tentacle on ${system}`;
}

import { createHash } from 'node:crypto';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import { printable } from '../errors/printable.ts';
import type { Entry, PlannedMachine } from '../journal/contract.ts';
import { endOf, firstRetireIntent, leftBehind, newCertificate, plan, proofOf } from '../journal/views.ts';
import { repairCommand, repairScript } from '../tentacle/repair.ts';
import type { Proof, Report } from '../../schemas/types/report.ts';
import { lastOf } from './entries.ts';
import { trustIn } from './proofs.ts';

type Machine = Report['machines'][number];
type LeftBehind = Report['leftBehind'][number];

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
export function repairWish(direction: Direction): { trust: Thumbprint; distrust?: Thumbprint } | null {
  if (direction.new === null) return null;
  if (direction.undone) return { trust: direction.old, distrust: direction.new };
  return direction.retiring ? { trust: direction.new, distrust: direction.old } : { trust: direction.new };
}

/** How that is done on the machine itself: one line where one can do it, else the name of the script that comes with the report. */
export function repairFor(machine: PlannedMachine, direction: Direction): string | null {
  const wish = repairWish(direction);
  if (wish === null) return null;
  return repairCommand({ route: machine.route, shell: machine.shell, ...wish }) ?? runScript(machine);
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

/** The scripts that mend the machines left behind, by file name. */
export function repairScripts(entries: readonly Entry[]): { name: string; text: string }[] {
  const direction = directionOf(entries);
  const planned = plan(entries);
  const wish = direction && repairWish(direction);
  if (!direction || !planned || !wish) return [];
  const left = leftBehind(entries);
  return planned.machines.filter((machine) => left.has(machine.key) && left.get(machine.key)?.data.reason !== 'web-socket').map((machine) => ({
    name: repairScriptName(machine),
    text: repairScript({ route: machine.route, shell: machine.shell, ...wish, old: direction.undone ? direction.new! : direction.old }),
  }));
}

/** One machine in scope, with everything that is known of it. */
export function reportMachine(machine: PlannedMachine, direction: Direction, proofs: readonly Proof[], entries: readonly Entry[], left: ReadonlyMap<string, unknown>): Machine {
  const own = proofs.filter((proof) => proof.subject === printable(machine.key, 300));
  const old = trustIn(own, { trusts: 'trusts-old', distrusts: 'distrusts-old' });
  const fresh = trustIn(own, { trusts: 'trusts-new', distrusts: 'distrusts-new', written: 'trust-written' });
  const foreign = lastOf(entries, 'foreign-trust', machine.key);
  return {
    key: printable(machine.key, 300),
    name: printable(machine.name),
    own: machine.own,
    uri: printable(machine.uri, 300),
    isHost: machine.isHost,
    status: left.has(machine.key) ? 'left-behind' : isProved(direction, old.state, fresh.state) ? 'proved' : 'pending',
    route: routeText(machine),
    registrations: machine.registrations.map((registration) => ({ space: printable(registration.spaceName), name: printable(registration.name), kind: registration.kind, disabled: registration.isDisabled })),
    old,
    new: fresh,
    proofs: own,
    foreignTrust: (foreign?.data.thumbprints ?? []).map((thumbprint) => printable(thumbprint)),
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
    const { waiver, reason } = entry.data;
    if (reason === 'web-socket') return [];
    return [{
      machine: printable(machine.name),
      key: printable(machine.key, 300),
      reason,
      text: printable(entry.data.text, 400),
      since: entry.at,
      waiver: waiver && { by: printable(waiver.by), reason: printable(waiver.reason, 400), until: printable(waiver.until) },
      repair: repairFor(machine, direction),
    }];
  });
}

function routeText(machine: PlannedMachine): string {
  const system = machine.shell === 'Bash' ? 'Linux' : 'Windows';
  if (machine.route === 'polling') return `polling Tentacle on ${system}`;
  return machine.viaProxy ? `listening Tentacle on ${system}, through a proxy` : `listening Tentacle on ${system}`;
}

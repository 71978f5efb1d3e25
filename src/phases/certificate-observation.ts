import { certificateFactsOf } from '../certificates/certificate.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import { refusalsOf } from '../errors/refusal.ts';
import { doubtful, joinAliases } from '../gates/aliases.ts';
import type { KnownCertificate } from '../gates/certificates-due.ts';
import { otherServersOf, type TentacleObservation } from '../gates/certificate-scope.ts';
import type { Entry, PlannedMachine, PlannedTentacle } from '../journal/contract.ts';
import { newCertificate, plan, tentaclesPlan } from '../journal/views.ts';
import type { OctopusClient } from '../octopus/contract.ts';
import { parseCertificateResults } from '../tentacle/certificate-result.ts';
import { certificateScript } from '../tentacle/certificate-script.ts';
import type { CertificateResult } from '../tentacle/contract.ts';
import { readPeer } from '../tentacle/trust-probe.ts';
import { inParallel } from './concurrency.ts';
import type { PhaseContext } from './context.ts';
import { runScriptOnHost } from './host-script.ts';
import { connected, isProbed } from './looking.ts';
import { runScripts, type ScriptKind } from './machine-scripts.ts';
import { CONNECT_TIMEOUT_MS, IN_FLIGHT } from './probing.ts';

/** Tentacle makes its certificates for a hundred years. */
const LIFETIME_YEARS = 100;

/** What a listener shows: its certificate, no answer, or null where it cannot be dialled from here. */
export type Shown = { thumbprint: Thumbprint; known: KnownCertificate } | 'silent' | null;

/** The certificate that each machine shows on a new connection. */
export async function shownByMachines(context: PhaseContext, machines: readonly PlannedMachine[]): Promise<Map<string, Shown>> {
  let seen = 0;
  const shown = await inParallel(machines, IN_FLIGHT, async (machine) => {
    const one = await shownBy(context, machine);
    seen += 1;
    context.voice.progress(Math.round((seen / machines.length) * 100), `${seen} of ${machines.length} certificates read`);
    return one;
  });
  return new Map(machines.map((machine, index) => [machine.key, shown[index]!]));
}

function shownBy(context: PhaseContext, machine: PlannedMachine): Promise<Shown> {
  return orSilent(async () => {
    const peer = await peerOf(context, machine);
    if (peer === null || peer === 'silent') return peer;
    const { signatureAlgorithm, notBefore, notAfter } = certificateFactsOf(peer.der);
    return { thumbprint: peer.thumbprint, known: { signatureAlgorithm, notBefore, notAfter } };
  });
}

/** What is on a machine's listener, on a new connection: the certificate, no answer, or null where it cannot be dialled from here. */
export async function peerOf(context: PhaseContext, machine: PlannedMachine): Promise<{ thumbprint: Thumbprint; der: Uint8Array } | 'silent' | null> {
  return isProbed(machine) ? orSilent(() => readPeer(context.network, { ...machine.address!, timeoutMs: CONNECT_TIMEOUT_MS })) : null;
}

/** What cannot be read is as good as no answer. */
async function orSilent<T>(read: () => Promise<T>): Promise<T | 'silent'> {
  try {
    return await read();
  } catch (error) {
    if (refusalsOf(error).length === 0) throw error;
    return 'silent';
  }
}

/** The thumbprint of what is shown; null where there is none to see. */
export function thumbprintShown(one: Shown | undefined): Thumbprint | null {
  return one === undefined || one === null || one === 'silent' ? null : one.thumbprint;
}

/** Certificates that earlier rotations made, by thumbprint: their age is known without seeing them. */
export function notedCertificates(journals: readonly (readonly Entry[])[]): Map<Thumbprint, KnownCertificate> {
  const noted = new Map<Thumbprint, KnownCertificate>();
  for (const entries of journals) {
    for (const entry of entries) {
      if (entry.kind !== 'tentacle-certificate') continue;
      const made = new Date(entry.at);
      noted.set(entry.data.new, { signatureAlgorithm: null, notBefore: entry.at, notAfter: new Date(Date.UTC(made.getUTCFullYear() + LIFETIME_YEARS, made.getUTCMonth(), made.getUTCDate())).toISOString() });
    }
  }
  return noted;
}

/** Thumbprints that this Octopus Server has, had, or is about to have, as far as the journals know: a Tentacle may still trust each of them. */
export function serversOwn(current: Thumbprint, journals: readonly (readonly Entry[])[]): Thumbprint[] {
  const known = journals.flatMap((entries) => [plan(entries)?.old, newCertificate(entries)?.thumbprint, tentaclesPlan(entries)?.server]);
  return [...new Set([current, ...known.filter((one) => one !== undefined)])];
}

/**
 * Asks each Tentacle of itself, without a change: what stands in the way of an exchange, whom it trusts (B4), who it is (B9). The host is asked
 * here, by this very step (A41); whoever does not answer a connect, or a connection test, enters no task (rule 15). Octopus skips disabled ones.
 */
export async function observeTentacles(context: PhaseContext, octopus: OctopusClient, machines: readonly PlannedTentacle[], shown: ReadonlyMap<string, Shown>, taskId: string, servers: readonly Thumbprint[]): Promise<TentacleObservation[]> {
  const rotationId = `plan-${taskId.replace(/[^A-Za-z0-9]/g, '-')}`;
  const script = ({ shell }: Pick<PlannedMachine, 'shell'>) => certificateScript({ shell, rotationId, fence: 0, operation: 'observe' });
  const kind: ScriptKind<CertificateResult> = { parse: parseCertificateResults, isOf: (machine, result) => result.own === machine.own, again: true };
  const enabled = machines.filter((machine) => !machine.isHost && !machine.isDisabled);
  const dialled = enabled.filter((machine) => thumbprintShown(shown.get(machine.key)) !== null);
  const others = enabled.filter((machine) => shown.get(machine.key) === null);
  const answering = others.length === 0 ? new Set<string>() : await connected(context, { id: rotationId, octopus }, others);
  const asked = [...dialled, ...others.filter((machine) => answering.has(machine.key))];
  const outcomes = await runScripts(context, octopus, rotationId, asked, 'Octopus Rotation: may the certificate be exchanged', script, kind);
  const told = new Map<string, CertificateResult>();
  for (const [key, { result }] of outcomes) if (result) told.set(key, result);
  for (const host of machines.filter((machine) => machine.isHost)) {
    told.set(host.key, await runScriptOnHost(context, script(host), (log) => parseCertificateResults(log, rotationId).results.findLast((one) => one.own === host.own)));
  }
  return joined(machines, told).map((machine) => {
    const own = told.get(machine.key) ?? null;
    const outcome = outcomes.get(machine.key);
    const one = shown.get(machine.key) ?? null;
    return {
      machine: { ...machine, otherServers: own === null ? [] : otherServersOf(own, servers) },
      wire: one === null || one === 'silent' ? one : one.thumbprint,
      told: own,
      silence: machine.isDisabled ? 'it is disabled' : outcome && outcome.result === null ? outcome.reason : 'it does not answer',
    };
  });
}

/** One Tentacle under two addresses is one (A26); two with one certificate are clones, and each names the others (B9). */
function joined(machines: readonly PlannedTentacle[], told: ReadonlyMap<string, CertificateResult>): PlannedTentacle[] {
  const byIdentity = new Map<string, string[]>();
  for (const [key, { identity }] of told) byIdentity.set(identity, [...(byIdentity.get(identity) ?? []), key]);
  const planned = new Map(machines.map((machine) => [machine.key, machine]));
  const one = joinAliases(machines, [...byIdentity.values()].filter((keys) => keys.length > 1).map((keys) => keys.sort())).map((machine) => ({ ...planned.get(machine.key)!, ...machine }));
  const clones = new Map(doubtful(one).flatMap((group) => group.map((machine) => [machine.key, group.filter((other) => other !== machine).map((other) => other.key)])));
  return one.map((machine) => ({ ...machine, clones: clones.get(machine.key) ?? [] }));
}

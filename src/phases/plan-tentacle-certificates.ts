import type PlanTentacleCertificatesInputs from '../../steps/plan-tentacle-certificates/inputs.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import { are, counted } from '../errors/counted.ts';
import { planErrors } from '../errors/plan.ts';
import { printable } from '../errors/printable.ts';
import { regenerateErrors } from '../errors/regenerate.ts';
import { certificateDue, isSelected, isSelective, selectionText, type CertificateSelection } from '../gates/certificates-due.ts';
import { certificatesMayBeExchanged, type TentacleObservation } from '../gates/certificate-scope.ts';
import type { DuePolicy } from '../gates/due.ts';
import { waiverFor } from '../gates/trust.ts';
import { all, demandPass, PASS, refuse, type Verdict } from '../gates/verdict.ts';
import { seesEverything } from '../gates/visibility.ts';
import type { Entry, EntryData, PlannedMachine, PlannedTentacle, TentacleOptions } from '../journal/contract.ts';
import { proofOf } from '../journal/views.ts';
import type { OctopusClient, Registration, ServerNode, Space } from '../octopus/contract.ts';
import { notedCertificates, observeTentacles, serversOwn, shownByMachines, type Shown } from './certificate-observation.ts';
import type { Phase, PhaseContext, PhaseResult } from './context.ts';
import { fleetOptions } from './fleet-options.ts';
import { ownThumbprint } from './host-script.ts';
import { readInventory, type Inventory } from './inventory.ts';
import { openedBy } from './opening.ts';
import { planHash } from './plan-hash.ts';
import { tryRelay } from './relay-trial.ts';
import { findOpenRotationOf, openRotation, pastForces, pastJournals, withRotation, type Rotation } from './rotation.ts';
import { serverCommands } from './server-commands.ts';
import { checkUnknownShells } from './unknown-shells.ts';

const CLOCK_SECONDS = 300;

interface Observation {
  octopus: OctopusClient;
  version: string;
  installationId: string;
  nodes: ServerNode[];
  spaces: Space[];
  own: Thumbprint;
  /** The server's certificate, as REST shows it. */
  server: Thumbprint;
  inventory: Inventory;
}

/**
 * Finds the Tentacles whose own certificate is due and asks each of them whether it can be exchanged so that it could be put back; fixes the plan.
 * An open rotation comes before the question whether one is due (rule 6). Changes nothing.
 */
export const phase: Phase<PlanTentacleCertificatesInputs> = {
  name: 'plan-tentacle-certificates',
  title: 'Plan Tentacle certificates',
  async run(context, inputs) {
    const options: TentacleOptions = {
      ...fleetOptions(inputs),
      method: inputs.Method,
      confirmMinutes: inputs.ConfirmMinutes,
      otherServers: inputs.OtherServers,
    };
    const seen = await observe(context, inputs);
    const open = await findOpenRotationOf('tentacle-certificates', context, inputs, seen.octopus);
    if (open) return withRotation(context, this.name, { ...inputs, RotationId: open.rotationId }, { requires: [], planning: true }, (rotation) => resume(context, inputs, rotation, options));
    return planAnew(context, inputs, seen, options);
  },
};

async function observe(context: PhaseContext, inputs: PlanTentacleCertificatesInputs): Promise<Observation> {
  const octopus = context.octopus(inputs.ServerUrl, inputs.ApiKey);
  const about = await octopus.about();
  context.voice.info(`Octopus Server ${printable(about.version)} at ${octopus.url}`);
  const [nodes, permissions, spaces] = [await octopus.nodes(), await octopus.permissions(), await octopus.spaces()];
  // What cannot be seen cannot be planned: another registration of a Tentacle would keep its old thumbprint (B3).
  demandPass(seesEverything(permissions, spaces));
  const own = await ownThumbprint(context);
  let inventory = await readInventory(octopus, spaces, own);
  if (await checkUnknownShells(context, octopus, inventory.unchecked, own, `plan-${inputs.TaskId}`, null)) inventory = await readInventory(octopus, await octopus.spaces(), own);
  return { octopus, version: about.version, installationId: about.installationId, nodes, spaces, own, server: (await octopus.certificate()).thumbprint, inventory };
}

async function planAnew(context: PhaseContext, inputs: PlanTentacleCertificatesInputs, seen: Observation, options: TentacleOptions): Promise<PhaseResult> {
  const journals = await pastJournals(context, inputs);
  const selection = selectionOf(inputs);
  const given = inputs.Force?.trim() ? inputs.Force : isSelective(selection) ? `asked for: ${selectionText(selection)}` : null;
  const policy: DuePolicy = { maximumAgeDays: inputs.MaximumAgeDays, expiresWithinDays: inputs.ExpiresWithinDays, force: given, usedForces: given === null ? [] : pastForces('tentacle-certificates', journals) };
  const meant = await meantBy(seen, selection);
  if (isSelective(selection) && meant.machines.length + meant.unsupported.length === 0) throw regenerateErrors.NONE_SELECTED({ selection: selectionText(selection) });

  const { due, notDue, silent, shown } = await sortByAge(context, seen, meant.machines, journals, policy);
  const unserved = unservedGate(meant.unsupported, policy, options, context.clock.now());
  const skipped = notDue + silent > 0 ? ` ${counted(notDue, 'Tentacle')} ${are(notDue)} not due${silent > 0 ? `, of ${silent} that ${silent === 1 ? 'does' : 'do'} not answer the age is not known` : ''}.` : '';
  if (due.length === 0) {
    demandPass(unserved);
    return { outcome: 'stop', outputs: { RotationDue: 'False', NotDueCount: String(notDue) }, headline: `No certificate of a Tentacle is due.${skipped}` };
  }
  const observations = await observeTentacles(context, seen.octopus, due, shown, inputs.TaskId, serversOwn(seen.server, journals));
  tellClocks(context, observations);
  demandPass(all(hostGate(seen, observations), certificatesMayBeExchanged(observations, options, context.clock.now()), unserved));
  const fixed = planOf(seen, observations.map((one) => one.machine), meant, notDue + silent, options);
  const opened = openedBy(context, inputs, seen, { rotation: 'tentacle-certificates', forced: given, why: `${counted(due.length, 'certificate')} of Tentacles ${are(due.length)} due: ${[...new Set(due.map((one) => one.due))].slice(0, 3).join('; ')}.` });
  const rotationId = await openRotation(context, inputs, seen.octopus, opened, { kind: 'tentacles-planned', subject: 'estate', data: fixed });
  return withRotation(context, 'plan-tentacle-certificates', { ...inputs, RotationId: rotationId }, { requires: [], planning: true }, async (rotation) => {
    await tryRelayForHost(context, inputs, rotation);
    return conclude(rotation);
  });
}

/** Re-emits what the journal fixed. Options are brought up to date; registrations that came or went are seen by each phase itself. */
async function resume(context: PhaseContext, inputs: PlanTentacleCertificatesInputs, rotation: Rotation, options: TentacleOptions): Promise<PhaseResult> {
  context.voice.highlight(`Rotation ${rotation.id} is open; this run goes on with it.`);
  const { planHash: before, ...plan } = rotation.tentacles;
  // Its machines are to be brought back, not exchanged.
  if (plan.options.method === 'repair') throw regenerateErrors.REPAIR_OPEN({ rotationId: rotation.id });
  const amended = { ...plan, options };
  const hash = planHash({ server: amended.server }, amended);
  if (hash !== before) {
    await rotation.record({ kind: 'tentacles-planned', subject: 'estate', data: { ...amended, planHash: hash } });
    context.voice.highlight('Options changed since the plan was made; the plan takes them in.');
  }
  if (!proofOf(rotation.entries(), 'server', 'relay-ready') && !(await context.relay.alive(rotation.id))) await tryRelayForHost(context, inputs, rotation);
  return conclude(rotation);
}

async function tryRelayForHost(context: PhaseContext, inputs: PlanTentacleCertificatesInputs, rotation: Rotation): Promise<void> {
  if (!rotation.tentacles.machines.some((machine) => machine.isHost)) return;
  await tryRelay(context, inputs, rotation, (await serverCommands(context, inputs.OctopusServer)).executable, rotation.tentacles.server);
}

function selectionOf(inputs: PlanTentacleCertificatesInputs): CertificateSelection {
  const list = (text: string | undefined) => {
    const values = (text ?? '').split(/[,\n]/).map((one) => one.trim()).filter((one) => one !== '');
    return values.length === 0 ? null : values;
  };
  return { machines: list(inputs.Machines), tags: list(inputs.Tags), environments: list(inputs.Environments) };
}

/** Who is asked for. Whoever shares its certificate with one of them comes along: it may be the same Tentacle (A26, B9). */
async function meantBy(seen: Observation, selection: CertificateSelection): Promise<{ machines: PlannedMachine[]; unsupported: Inventory['unsupported'] }> {
  const { inventory, octopus, spaces } = seen;
  if (!isSelective(selection)) return { machines: inventory.machines, unsupported: inventory.unsupported };
  const names = new Map<string, string>();
  if (selection.environments !== null) for (const { id } of spaces) for (const one of await octopus.environments(id)) names.set(one.id, one.name);
  const isMeant = (some: readonly Registration[]) => isSelected(selection, {
    names: some.map((one) => one.name),
    roles: some.flatMap((one) => one.roles),
    environments: some.flatMap((one) => one.environmentIds.flatMap((id) => [id, names.get(id) ?? id])),
  });
  const byId = new Map(inventory.registrations.map((one) => [`${one.kind} ${one.id}`, one]));
  const direct = inventory.machines.filter((machine) => isMeant(machine.registrations.map((one) => byId.get(`${one.kind} ${one.id}`)!)));
  const shared = new Set(direct.map((machine) => machine.own));
  return { machines: inventory.machines.filter((machine) => shared.has(machine.own)), unsupported: inventory.unsupported.filter((one) => inventory.registrations.some((each) => each.name === one.name && isMeant([each]))) };
}

/** Who is due, by what is seen on new connections, noted by earlier rotations, or known to Octopus. */
async function sortByAge(context: PhaseContext, seen: Observation, machines: readonly PlannedMachine[], journals: readonly (readonly Entry[])[], policy: DuePolicy): Promise<{ due: PlannedTentacle[]; notDue: number; silent: number; shown: Map<string, Shown> }> {
  const shown = await shownByMachines(context, machines);
  const noted = notedCertificates(journals);
  const algorithms = new Map(seen.inventory.registrations.map((one) => [`${one.kind} ${one.id}`, one.signatureAlgorithm]));
  const now = context.clock.now();
  const judged = machines.map((machine) => {
    const look = shown.get(machine.key)!;
    const told = machine.registrations.map((one) => algorithms.get(`${one.kind} ${one.id}`) ?? null).find((one) => one !== null) ?? null;
    const known = look !== null && look !== 'silent' && look.thumbprint === machine.own ? look.known : (noted.get(machine.own) ?? { signatureAlgorithm: null, notBefore: null, notAfter: null });
    const certificate = { ...known, signatureAlgorithm: known.signatureAlgorithm ?? told };
    return { machine, certificate, judgement: certificateDue(certificate, look === 'silent', policy, now) };
  });
  const owns = new Set(judged.filter((one) => one.judgement.due === 'yes').map((one) => one.machine.own));
  const due = judged.filter((one) => owns.has(one.machine.own)).map(({ machine, certificate, judgement }): PlannedTentacle => ({ ...machine, ...certificate, due: judgement.due === 'yes' ? judgement.why : 'it shares its certificate with one that is due', clones: [], otherServers: [] }));
  // With a rotation at hand, one whose age is not known is taken in as well: unknown never passes (rule 20).
  const unseen = judged.filter((one) => !owns.has(one.machine.own) && one.judgement.due === 'unseen');
  const taken = due.length === 0 ? [] : unseen.map(({ machine, certificate }): PlannedTentacle => ({ ...machine, ...certificate, due: 'it does not answer, so that how old it is is not known', clones: [], otherServers: [] }));
  return { due: [...due, ...taken], notDue: judged.length - due.length - unseen.length, silent: due.length === 0 ? unseen.length : 0, shown };
}

/** Agents in Kubernetes and other kinds that are not served stand in the way only where they are asked for (B7); otherwise the plan names them. */
function unservedGate(unsupported: Inventory['unsupported'], policy: DuePolicy, options: TentacleOptions, now: Date): Verdict {
  const isAsked = policy.force !== null && !policy.usedForces.includes(policy.force);
  const waived = new Set(options.waivers.filter((waiver) => waiver.until >= now.toISOString().slice(0, 10)).map((waiver) => waiver.machine));
  const named = isAsked ? unsupported.filter((one) => !waived.has(one.name)) : [];
  return named.length === 0 ? PASS : refuse(regenerateErrors.KUBERNETES_REFUSED({ machines: named.map((one) => ({ name: one.name, reason: one.reason })) }));
}

/** The host runs this very step: asked by a task under another address it would wait for itself (A41). */
function hostGate(seen: Observation, observations: readonly TentacleObservation[]): Verdict {
  if (!seen.inventory.machines.some((machine) => machine.isHost)) return refuse(planErrors.HOST_NOT_RECOGNISED({ own: seen.own }));
  const hosts = observations.filter((one) => one.machine.isHost);
  return hosts.length > 1 ? refuse(planErrors.HOST_AMBIGUOUS({ own: seen.own, addresses: hosts.map((one) => one.machine.uri) })) : PASS;
}

/** A clock that is wrong does no harm, since nothing is timed by it; it is told all the same. */
function tellClocks(context: PhaseContext, observations: readonly TentacleObservation[]): void {
  const now = context.clock.now().getTime() / 1_000;
  for (const { machine, told } of observations) {
    if (told !== null && Math.abs(told.clock - now) > CLOCK_SECONDS) context.voice.warn(`${printable(machine.name)}: its clock differs by ${Math.round((told.clock - now) / 60)} minutes from the one of this machine.`);
  }
}

function planOf(seen: Observation, machines: PlannedTentacle[], meant: { unsupported: Inventory['unsupported'] }, notDue: number, options: TentacleOptions): EntryData['tentacles-planned'] {
  const unserved = meant.unsupported.map((one) => ({ name: one.name, kind: 'not served', spaceName: one.space, reason: one.reason }));
  const plan: Omit<EntryData['tentacles-planned'], 'planHash'> = {
    server: seen.server,
    nodes: seen.nodes.map(({ id, name }) => ({ id, name })),
    spaces: seen.inventory.spaces,
    machines,
    notDue,
    outOfScope: [...seen.inventory.outOfScope, ...unserved],
    options,
    notTouched: ['the certificate of the Octopus Server', 'which Octopus Servers a Tentacle trusts', 'the certificate of the web portal (HTTPS)', 'agents in Kubernetes', 'the master key'],
  };
  return { ...plan, planHash: planHash({ server: plan.server }, plan) };
}

function conclude(rotation: Rotation): PhaseResult {
  const { machines, spaces, outOfScope, notDue, planHash: hash, options } = rotation.tentacles;
  const waived = machines.filter((machine) => waiverFor(machine, options.waivers, new Date(rotation.entries().at(-1)!.at)) !== null).length;
  return {
    outcome: 'continue',
    outputs: { RotationDue: 'True', RotationId: rotation.id, PlanHash: hash, MachineCount: String(machines.length), NotDueCount: String(notDue), OutOfScopeCount: String(outOfScope.length) },
    headline: `Rotation ${rotation.id}: the certificates of ${counted(machines.length, 'Tentacle')} in ${counted(spaces.length, 'space')} are to be exchanged${waived > 0 ? `, ${waived} of them waived` : ''}; ${notDue} not due.`,
  };
}

import type PlanServerCertificateInputs from '../../steps/plan-server-certificate/inputs.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import { counted } from '../errors/counted.ts';
import { planErrors } from '../errors/plan.ts';
import { rollBackErrors } from '../errors/roll-back.ts';
import { dueReasons } from '../gates/due.ts';
import { all, demandPass, PASS, refuse, type Verdict } from '../gates/verdict.ts';
import { everyNodeServed } from '../gates/planned-nodes.ts';
import { everyMachineServed } from '../gates/inventory.ts';
import { seesEverything } from '../gates/visibility.ts';
import { printable } from '../errors/printable.ts';
import type { EntryData, RotationOptions } from '../journal/contract.ts';
import { capabilitiesOfVersion, type VersionCapabilities } from '../octopus/capabilities.ts';
import type { OctopusClient, ServerNode, Space } from '../octopus/contract.ts';
import type { Phase, PhaseContext, PhaseResult } from './context.ts';
import { fleetOptions } from './fleet-options.ts';
import { withoutAliases } from './aliases.ts';
import { ownThumbprint } from './host-script.ts';
import { readInventory, scopeOf, type Inventory } from './inventory.ts';
import { openedBy } from './opening.ts';
import { planHash } from './plan-hash.ts';
import { tryRelay } from './relay-trial.ts';
import { observeServer, type ServerObservation } from './server-observation.ts';
import { serverCommands } from './server-commands.ts';
import { checkUnknownShells } from './unknown-shells.ts';
import { abandoning, proofOf, rollingBack } from '../journal/views.ts';
import { swapIsDone } from './swap-state.ts';
import { findOpenRotationOf, openRotation, pastForces, pastJournals, withRotation, type Rotation } from './rotation.ts';

/** What is there now, read before anything is decided. */
interface Observation {
  octopus: OctopusClient;
  version: string;
  can: VersionCapabilities;
  installationId: string;
  nodes: ServerNode[];
  /** Thumbprint of the Tentacle that runs us. */
  own: Thumbprint;
  inventory: Inventory;
  server: ServerObservation;
  octopusServer: string;
}

/**
 * Reads the whole estate, decides whether a rotation is due, and fixes its plan. An open rotation comes before that question
 * (rule 6): Plan re-emits what the journal fixed, and takes in machines that came or went as long as nothing is swapped (A28).
 */
export const phase: Phase<PlanServerCertificateInputs> = {
  name: 'plan-server-certificate',
  title: 'Plan server certificate',
  async run(context, inputs) {
    const options: RotationOptions = {
      ...fleetOptions(inputs),
      pollingRoute: inputs.PollingRoute,
      drainLimitMinutes: inputs.DrainLimitMinutes,
    };
    const seen = await observe(context, inputs);
    const open = await findOpenRotationOf('server-certificate', context, inputs, seen.octopus);
    if (open) return withRotation(context, this.name, { ...inputs, RotationId: open.rotationId }, { requires: [], planning: true }, (rotation) => resume(context, inputs, rotation, seen, options));

    const due = dueReasons(seen.server.node, { maximumAgeDays: inputs.MaximumAgeDays, expiresWithinDays: inputs.ExpiresWithinDays, force: inputs.Force ?? null, usedForces: inputs.Force ? pastForces('server-certificate', await pastJournals(context, inputs)) : [] }, context.clock.now());
    if (due.length === 0) {
      const { thumbprint, notBefore, notAfter, signatureAlgorithm } = seen.server.node;
      return {
        outcome: 'stop',
        outputs: { RotationDue: 'False', OldThumbprint: thumbprint },
        headline: `Nothing is due: certificate ${thumbprint} is from ${notBefore.slice(0, 10)}, lasts until ${notAfter.slice(0, 10)} and is signed with ${signatureAlgorithm}.`,
      };
    }
    return planAnew(context, inputs, seen, options, due);
  },
};

async function observe(context: PhaseContext, inputs: PlanServerCertificateInputs): Promise<Observation> {
  const octopus = context.octopus(inputs.ServerUrl, inputs.ApiKey);
  const about = await octopus.about();
  const can = capabilitiesOfVersion(about.version);
  context.voice.info(`Octopus Server ${printable(about.version)} at ${octopus.url}`);
  const [nodes, permissions, spaces] = [await octopus.nodes(), await octopus.permissions(), await octopus.spaces()];
  // Before anything else: what cannot be seen cannot be planned.
  demandPass(seesEverything(permissions, spaces));
  const commands = await serverCommands(context, inputs.OctopusServer);
  const server = await observeServer(context, octopus, commands);
  const own = await ownThumbprint(context);
  const inventory = await inventoryOf(context, octopus, spaces, own, inputs.TaskId, server.database);
  for (const space of inventory.spaces) context.voice.info(`Space ${printable(space.name)}: ${counted(space.targets, 'deployment target')}, ${counted(space.workers, 'worker')}`);
  return { octopus, version: about.version, can, installationId: about.installationId, nodes, own, inventory, server, octopusServer: commands.executable };
}

async function inventoryOf(context: PhaseContext, octopus: OctopusClient, spaces: Space[], own: Thumbprint, taskId: string, observed: Thumbprint): Promise<Inventory> {
  const read = await readInventory(octopus, spaces, own);
  return { ...read, machines: await withoutAliases(context, octopus, read.machines, taskId, observed) };
}

/** As seen, once Octopus found out the shells that it did not know. Before a rotation is opened there is no journal, and the tasks change none of what it would be about. */
async function withKnownShells(context: PhaseContext, inputs: PlanServerCertificateInputs, seen: Observation, rotation: Rotation | null): Promise<Observation> {
  const { octopus, own, inventory, server } = seen;
  const isChecked = await checkUnknownShells(context, octopus, inventory.unchecked, own, rotation?.id ?? `plan-${inputs.TaskId}`, rotation);
  return isChecked ? { ...seen, inventory: await inventoryOf(context, octopus, await octopus.spaces(), own, inputs.TaskId, server.database) } : seen;
}

/** Every reason why this estate may not be rotated, all at once. */
function scopeGate(seen: Observation, spaceId: string, options: RotationOptions, now: Date): Verdict {
  const { nodes, own, inventory, server } = seen;
  return all(
    everyMachineServed(inventory.unsupported, options.waivers, now),
    everyNodeServed(nodes, inventory.registrations.filter((one) => one.spaceId === spaceId), options),
    inventory.machines.some((machine) => machine.isHost) ? PASS : refuse(planErrors.HOST_NOT_RECOGNISED({ own })),
    server.rest === server.database && server.rest === server.node.thumbprint ? PASS : refuse(planErrors.NOT_THIS_SERVER({ rest: server.rest, local: server.database === server.rest ? server.node.thumbprint : server.database })),
  );
}

async function planAnew(context: PhaseContext, inputs: PlanServerCertificateInputs, first: Observation, options: RotationOptions, due: string[]): Promise<PhaseResult> {
  const seen = await withKnownShells(context, inputs, first, null);
  demandPass(scopeGate(seen, inputs.SpaceId, options, context.clock.now()));
  const plan = planOf(seen, options);
  const opened = openedBy(context, inputs, seen, { rotation: 'server-certificate', forced: inputs.Force ?? null, why: `The certificate is due: ${due.join('; ')}.` });
  const rotationId = await openRotation(context, inputs, seen.octopus, opened, { kind: 'planned', subject: 'estate', data: plan });
  return withRotation(context, 'plan-server-certificate', { ...inputs, RotationId: rotationId }, { requires: [], planning: true }, async (rotation) => {
    await tryRelay(context, inputs, rotation, seen.octopusServer, rotation.plan.old);
    return concludeOutputs(rotation);
  });
}

/** Re-emits what the journal fixed. Scope and options are brought up to date before the swap; OLD and NEW never change (rule 1). */
async function resume(context: PhaseContext, inputs: PlanServerCertificateInputs, rotation: Rotation, first: Observation, options: RotationOptions): Promise<PhaseResult> {
  context.voice.highlight(`Rotation ${rotation.id} is open; this run goes on with it.`);
  if (abandoning(rotation.entries())) throw planErrors.ROTATION_ABANDONED({ rotationId: rotation.id });
  if (rollingBack(rotation.entries())) throw rollBackErrors.ROTATION_ROLLING_BACK({ rotationId: rotation.id });
  if (!swapIsDone(rotation)) {
    const seen = await withKnownShells(context, inputs, first, rotation);
    const now = planOf(seen, options);
    const known = new Set<string>([rotation.plan.old, rotation.fresh?.thumbprint ?? '']);
    if (!known.has(seen.server.database) || !known.has(seen.server.node.thumbprint)) throw planErrors.CERTIFICATE_FOREIGN({ found: known.has(seen.server.database) ? seen.server.node.thumbprint : seen.server.database, old: rotation.plan.old, fresh: rotation.fresh?.thumbprint ?? null });
    demandPass(all(scopeGate({ ...seen, server: { ...seen.server, rest: rotation.plan.old, database: rotation.plan.old, node: { ...seen.server.node, thumbprint: rotation.plan.old } } }, inputs.SpaceId, options, context.clock.now())));
    const amended = { ...now, old: rotation.plan.old, oldSignature: rotation.plan.oldSignature };
    const hash = planHash({ old: amended.old }, amended);
    if (hash !== rotation.plan.planHash) {
      await rotation.record({ kind: 'planned', subject: 'estate', data: { ...amended, planHash: hash } });
      context.voice.highlight('Machines or options changed since the plan was made; the plan takes them in.');
    }
    if (!proofOf(rotation.entries(), 'server', 'relay-ready') && !(await context.relay.alive(rotation.id))) await tryRelay(context, inputs, rotation, seen.octopusServer, rotation.plan.old);
  }
  return concludeOutputs(rotation);
}

function concludeOutputs(rotation: Rotation): PhaseResult {
  const { plan } = rotation;
  return {
    outcome: 'continue',
    outputs: {
      RotationDue: 'True',
      RotationId: rotation.id,
      PlanHash: plan.planHash,
      OldThumbprint: plan.old,
      MachineCount: String(plan.machines.length),
      OutOfScopeCount: String(plan.outOfScope.length),
    },
    headline: `Rotation ${rotation.id}: ${counted(plan.machines.length, 'machine')} in ${counted(plan.spaces.length, 'space')}, ${counted(plan.outOfScope.length, 'registration')} out of scope; certificate ${plan.old} ${swapIsDone(rotation) ? 'has been replaced' : 'is to be replaced'}.`,
  };
}

function planOf(seen: Observation, options: RotationOptions): EntryData['planned'] {
  const plan = {
    old: seen.server.database,
    oldSignature: seen.server.node.signatureAlgorithm,
    nodes: seen.nodes.map(({ id, name }) => ({ id, name })),
    ...scopeOf(seen.inventory),
    options,
    notTouched: [
      'the certificate of the web portal (HTTPS)',
      ...(seen.can.hasGrpcCertificate ? ['the gRPC certificate for Kubernetes monitors and Argo CD gateways (port 8443)'] : []),
      'the certificates of the Tentacles',
      'the master key',
    ],
  };
  return { ...plan, planHash: planHash({ old: plan.old }, plan) };
}

import { planErrors } from '../errors/plan.ts';
import { swapErrors } from '../errors/swap.ts';
import { trustErrors } from '../errors/trust.ts';
import { inventoryUnchanged } from '../gates/inventory.ts';
import { judgeTrust } from '../gates/trust.ts';
import { demandPass } from '../gates/verdict.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { leftBehind } from '../journal/views.ts';
import { ownThumbprint } from './host-script.ts';
import { readInventory } from './inventory.ts';
import { acceptsBoth, acceptsOld, isProbed } from './looking.ts';
import { restartOwnTentacle } from './own-tentacle.ts';
import { observeTrust } from './probing.ts';
import type { Rotation } from './rotation.ts';
import { isBack, type SwapWork } from './swap-work.ts';

/** The host's own Tentacle was edited by the step; no script runs on it any more, so it can be restarted with its net and asked (A41). */
export async function proveOwnTentacle(work: SwapWork): Promise<void> {
  const { context, rotation, goal, other } = work;
  const host = hostOf(rotation);
  const isThere = await restartOwnTentacle(context, rotation, host, { operation: 'add', direction: isBack(work) ? 'back' : 'forward' }, isBack(work) ? acceptsOld : acceptsBoth);
  if (!isThere) throw swapErrors.OWN_TENTACLE_NOT_PROVED({ reason: `it does not accept the ${goal.name} certificate${isBack(work) ? '' : ' beside the old one'}` });
  const how = isProbed(host) ? 'wire' : 'read-back';
  for (const side of isBack(work) ? [goal] : [goal, other]) await rotation.prove(host.key, side.trusted, how, { thumbprint: side.thumbprint });
}

/** Rule 2: after the drain, immediately before the import, whoever can be probed is probed, and the inventory compared. */
export async function proveAgain(work: SwapWork): Promise<void> {
  const { context, rotation, goal } = work;
  await rotation.stage('prove-again', 'probes every machine once more, and compares the inventory');
  const { plan, octopus } = rotation;
  const now = await readInventory(octopus, await octopus.spaces(), await ownThumbprint(context));
  demandPass(inventoryUnchanged(plan, now));
  const behind = leftBehind(rotation.entries());
  const asked = plan.machines.filter((machine) => !behind.has(machine.key) && isProbed(machine));
  const judgements = (await observeTrust(context, asked, await rotation.identities())).map((observation) => judgeTrust(observation, { ...plan.options, offlineMachines: 'refuse', waivers: [] }, context.clock.now(), goal.name));
  const lost = judgements.filter((one) => one.state !== 'proved');
  await Promise.all(judgements.map((one) => (one.state === 'proved' ? rotation.prove(one.machine.key, goal.trusted, one.how, { thumbprint: goal.thumbprint, milliseconds: one.milliseconds, beforeImport: true }) : undefined)));
  for (const one of lost) await rotation.record({ kind: 'unproved', subject: one.machine.key, data: { claim: goal.trusted, verdict: one.state === 'unproved' ? one.verdict : 'unknown', reason: 'text' in one ? one.text : one.state } });
  if (lost.length > 0) throw trustErrors.PROOF_LOST({ which: goal.name, machines: lost.map((one) => ({ name: one.machine.name, reason: 'text' in one ? one.text : one.state })) });
}

function hostOf(rotation: Rotation): PlannedMachine {
  const host = rotation.plan.machines.find((machine) => machine.isHost);
  if (!host) throw planErrors.HOST_NOT_RECOGNISED({ own: 'unknown' });
  return host;
}

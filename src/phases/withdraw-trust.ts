import { printable } from '../errors/printable.ts';
import { listIsFreeOf } from '../gates/trust-list.ts';
import { leftBehind } from '../journal/views.ts';
import type { PhaseContext } from './context.ts';
import { isProbed } from './looking.ts';
import { presentMachines } from './present-machines.ts';
import { repairHint } from './repair-hint.ts';
import type { Rotation } from './rotation.ts';
import { changeTrust, changeTrustOnHost } from './trust-change.ts';
import { WITHDRAW_NEW } from './trust-changes.ts';

/**
 * NEW is removed everywhere and seen to be refused while OLD is accepted; of the host's own Tentacle it is written, and the relay restarts
 * and probes it afterwards (A41). Machines that could not be asked are listed. Answers with the number of the others.
 */
export async function withdrawTrust(context: PhaseContext, rotation: Rotation): Promise<number> {
  const { old } = rotation.plan;
  const machines = await presentMachines(context, rotation);
  const fresh = rotation.fresh!.thumbprint;
  const host = machines.find((machine) => machine.isHost);
  const { there, failed } = await changeTrust(context, rotation, machines.filter((machine) => !machine.isHost), WITHDRAW_NEW);
  const behind = leftBehind(rotation.entries());
  await Promise.all([...there.values()].map(async ({ machine }) => {
    const how = isProbed(machine) ? 'wire' : 'read-back';
    await rotation.prove(machine.key, 'trusts-old', how, { thumbprint: old });
    await rotation.prove(machine.key, 'distrusts-new', how, { thumbprint: fresh });
    if (behind.has(machine.key)) await rotation.record({ kind: 'caught-up', subject: machine.key, data: {} });
  }));
  if (host) await changeTrustOnHost(context, rotation, host, WITHDRAW_NEW, (result) => listIsFreeOf(result.after, fresh));
  for (const [key, { reason, text }] of failed) {
    const machine = machines.find((one) => one.key === key)!;
    context.voice.warn(`${printable(machine.name)}: ${printable(text, 300)}. ${repairHint(machine, { trust: old, distrust: fresh }, reason)}`);
    const told = reason === 'web-socket' ? text : `it may still trust the new certificate: ${text}`;
    if (behind.get(key)?.data.text !== told) await rotation.record({ kind: 'left-behind', subject: key, data: { reason, text: told, waiver: null } });
  }
  return there.size + (host ? 1 : 0);
}

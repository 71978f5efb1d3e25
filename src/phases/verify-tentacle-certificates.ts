import type VerifyTentacleCertificatesInputs from '../../steps/verify-tentacle-certificates/inputs.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import { counted } from '../errors/counted.ts';
import { printable } from '../errors/printable.ts';
import { regenerateErrors } from '../errors/regenerate.ts';
import { verifyFinding, type VerifiedSight } from '../gates/certificate-verified.ts';
import type { PlannedMachine } from '../journal/contract.ts';
import { tentacleFacts } from '../journal/tentacle-views.ts';
import { leftBehind } from '../journal/views.ts';
import type { CertificateResult } from '../tentacle/contract.ts';
import { shownByMachines } from './certificate-observation.ts';
import { askOnHost, certificateKind, certificateScriptFor } from './certificate-scripts.ts';
import type { Phase, PhaseContext } from './context.ts';
import { whileEnabled } from './disabled-machines.ts';
import { runScripts } from './machine-scripts.ts';
import { machinesToSee } from './present-machines.ts';
import { withRotation, type Rotation } from './rotation.ts';

/** The end of the proof: every exchanged Tentacle on a new connection, its registrations over REST, and its own word that nothing is armed. */
export const phase: Phase<VerifyTentacleCertificatesInputs> = {
  name: 'verify-tentacle-certificates',
  title: 'Verify Tentacle certificates',
  run: (context, inputs) =>
    withRotation(context, 'verify-tentacle-certificates', inputs, { requires: [{ subject: 'estate', claim: 'healthy-after-regenerate' }] }, async (rotation) => {
      const machines = await machinesToSee(context, rotation);
      const sights = await whileEnabled(context, rotation, machines, (enabled) => look(context, rotation, enabled));
      const findings = sights.flatMap((sight) => {
        const finding = verifyFinding(sight);
        return finding === null ? [] : [{ name: sight.machine.name, reason: finding }];
      });
      if (findings.length > 0) throw regenerateErrors.CERTIFICATES_NOT_VERIFIED({ machines: findings });
      for (const { machine, fresh, wire } of sights) {
        await rotation.prove(machine.key, 'presents-new', wire === null ? 'read-back' : 'wire', { thumbprint: fresh });
        await rotation.prove(machine.key, 'registered-new', 'rest', { thumbprint: fresh });
        await rotation.prove(machine.key, 'disarmed', 'read-back', { thumbprint: fresh });
        context.voice.verbose(`${printable(machine.name)}: ${fresh}`);
      }
      const behind = leftBehind(rotation.entries());
      await rotation.prove('estate', 'verified', 'rest', { machines: sights.length });
      return {
        outcome: 'continue',
        outputs: { VerifiedCount: String(sights.length), LeftBehindCount: String(behind.size) },
        headline: `${counted(sights.length, 'Tentacle')} ${sights.length === 1 ? 'has' : 'have'} the new certificate in force, registered everywhere, with nothing armed; ${behind.size} left behind.`,
      };
    }),
};

async function look(context: PhaseContext, rotation: Rotation, machines: readonly PlannedMachine[]): Promise<VerifiedSight[]> {
  const shown = await shownByMachines(context, machines);
  const registered = new Map<string, Thumbprint | null>();
  for (const { id } of rotation.scope.spaces) for (const one of await rotation.octopus.registrations(id)) registered.set(one.id, one.thumbprint);
  const told = new Map<string, CertificateResult | null>();
  const others = machines.filter((machine) => !machine.isHost && shown.get(machine.key) !== 'silent');
  const outcomes = await runScripts(context, rotation.octopus, rotation.id, others, 'Octopus Rotation: read the certificate back', (machine) => certificateScriptFor(rotation, machine, { operation: 'look' }), { ...certificateKind(rotation), again: true });
  for (const machine of machines) told.set(machine.key, machine.isHost ? (await askOnHost(context, rotation, machine, { operation: 'look' })).result : (outcomes.get(machine.key)?.result ?? null));
  return machines.map((machine) => {
    const one = shown.get(machine.key) ?? null;
    return {
      machine,
      fresh: tentacleFacts(rotation.entries(), machine.key).fresh,
      registered: machine.registrations.map((each) => registered.get(each.id) ?? null),
      wire: one === null || one === 'silent' ? one : one.thumbprint,
      told: told.get(machine.key) ?? null,
    } as VerifiedSight;
  });
}

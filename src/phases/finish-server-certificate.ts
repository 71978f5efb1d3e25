import { swapErrors } from '../errors/swap.ts';
import { abandoning, leftBehind, rollingBack } from '../journal/views.ts';
import type { PhaseContext } from './context.ts';
import { acceptsFreshOnly, acceptsOldOnly, isProbed } from './looking.ts';
import { restartOwnTentacle } from './own-tentacle.ts';
import type { Rotation } from './rotation.ts';

/** The relay's last work on a rotation of the server certificate: the host's own Tentacle refuses the certificate that lost (A41), then the rotation has ended. */
export async function finishServerCertificate(context: PhaseContext, rotation: Rotation): Promise<void> {
  const isAbandoned = abandoning(rotation.entries());
  const isBack = isAbandoned || rollingBack(rotation.entries());
  const host = rotation.plan.machines.find((machine) => machine.isHost);
  if (host && !leftBehind(rotation.entries()).has(host.key)) {
    const [script, wished] = isBack ? ([{ operation: 'remove', direction: 'back' }, acceptsOldOnly] as const) : ([{ operation: 'remove' }, acceptsFreshOnly] as const);
    if (rotation.fresh && !(await restartOwnTentacle(context, rotation, host, script, wished))) throw swapErrors.OWN_TENTACLE_NOT_RETIRED({ reason: isBack ? 'it still accepts the new certificate' : 'it still accepts the old certificate' });
    const how = isProbed(host) ? 'wire' : 'read-back';
    await rotation.prove(host.key, isBack ? 'trusts-old' : 'trusts-new', how, { thumbprint: isBack ? rotation.plan.old : rotation.fresh!.thumbprint });
    if (rotation.fresh) await rotation.prove(host.key, isBack ? 'distrusts-new' : 'distrusts-old', how, { thumbprint: isBack ? rotation.fresh.thumbprint : rotation.plan.old });
  }
  // After a swap NEW's PFX is kept (rule 7): a database restored from before the roll back presents NEW.
  if (isAbandoned) await destroyFresh(context, rotation);
  await rotation.record({ kind: 'ended', subject: 'estate', data: { outcome: isAbandoned ? 'abandoned' : isBack ? 'rolled-back' : 'completed' } });
}

/** A certificate that was given up must not come back: its PFX is overwritten and removed once nobody needs it for a probe any more. */
async function destroyFresh(context: PhaseContext, rotation: Rotation): Promise<void> {
  if (!rotation.fresh) return;
  const { thumbprint } = rotation.fresh;
  const path = rotation.pfxPath(thumbprint);
  const facts = await context.files.facts(path);
  if (facts === null) return;
  await rotation.effect('destroy-new-certificate', 'server', { thumbprint }, async () => {
    await context.files.replace(path, context.random.bytes(facts.size));
    await context.files.remove(path);
    return {};
  });
}

import type VerifyServerCertificateInputs from '../../steps/verify-server-certificate/inputs.ts';
import { trustErrors } from '../errors/trust.ts';
import { notPresenting } from '../gates/nodes.ts';
import { leftBehind } from '../journal/views.ts';
import type { Phase } from './context.ts';
import { machinesToSee } from './present-machines.ts';
import { acceptsFreshOnly, isProbed, lookAt } from './looking.ts';
import { nodeOutputs, observeNodes, proveNodes } from './node-observation.ts';
import { observeServer } from './server-observation.ts';
import { serverCommands } from './server-commands.ts';
import { withRotation } from './rotation.ts';

/** Document 1, step 8, and more: NEW over REST, in the database and on the wire, signed with SHA-256, and every machine on a new connection. */
export const phase: Phase<VerifyServerCertificateInputs> = {
  name: 'verify-server-certificate',
  title: 'Verify server certificate',
  run: (context, inputs) =>
    withRotation(context, 'verify-server-certificate', inputs, { requires: [{ subject: 'estate', claim: 'healthy-after-retire' }] }, async (rotation) => {
      const fresh = rotation.fresh!.thumbprint;
      const findings: string[] = [];
      const commands = await serverCommands(context, inputs.OctopusServer);
      const seen = await observeServer(context, rotation.octopus, commands);
      const nodes = await observeNodes(context, rotation, inputs, commands, seen);
      if (seen.rest !== fresh) findings.push(`over REST the server shows ${seen.rest}`);
      if (seen.database !== fresh) findings.push(`the database shows ${seen.database}`);
      findings.push(...notPresenting(nodes, fresh));
      if (!/^sha(256|384|512)/i.test(seen.node.signatureAlgorithm)) findings.push(`the certificate is signed with ${seen.node.signatureAlgorithm}`);

      // The relay proves the host's own Tentacle after this run (A41).
      const machines = (await machinesToSee(context, rotation)).filter((machine) => !machine.isHost);
      const behind = leftBehind(rotation.entries());
      await Promise.all((await lookAt(context, rotation, machines)).map(async (look) => {
        const { key, name } = look.machine;
        if (acceptsFreshOnly(look)) {
          const how = isProbed(look.machine) ? 'wire' : 'read-back';
          await rotation.prove(key, 'trusts-new', how, { thumbprint: fresh, milliseconds: look.probes?.fresh.milliseconds ?? null });
          await rotation.prove(key, 'distrusts-old', how, { thumbprint: rotation.plan.old });
        } else findings.push(`${name} does not provably accept the new certificate and refuse the old one`);
      }));
      if (findings.length > 0) throw trustErrors.NOT_VERIFIED({ findings });
      if (nodes.length > 1) await proveNodes(rotation, nodes, { shown: 'database-shows-new', presented: 'node-presents-new' }, fresh);
      await rotation.prove('estate', 'verified', 'wire', { thumbprint: fresh, signatureAlgorithm: seen.node.signatureAlgorithm, machines: machines.length });
      return {
        outcome: 'continue',
        outputs: { SignatureAlgorithm: seen.node.signatureAlgorithm, LeftBehindCount: String(behind.size), ...nodeOutputs(nodes) },
        headline: `Octopus Server uses ${fresh} (${seen.node.signatureAlgorithm}); every machine that is not left behind accepts it and refuses the old one.`,
      };
    }),
};

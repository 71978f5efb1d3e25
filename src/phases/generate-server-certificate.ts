import type GenerateServerCertificateInputs from '../../steps/generate-server-certificate/inputs.ts';
import { lintCertificate } from '../certificates/lint.ts';
import { makeServerCertificate } from '../certificates/make.ts';
import type { OpenedPfx } from '../certificates/contract.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import { materialErrors } from '../errors/material.ts';
import { serverCommands } from './server-commands.ts';
import { removeUnknownPfx, requireStoredPfx, storePfx } from './pfx-files.ts';
import { swapIsDone } from './swap-state.ts';
import { withRotation } from './rotation.ts';
import type { Phase } from './context.ts';

/** Document 1, step 2: a new certificate to a file, made by Octopus Server's own command or, when asked, here. NEW is fixed in the journal once its file is on disk and fit; the server does not use it yet. */
export const phase: Phase<GenerateServerCertificateInputs> = {
  name: 'generate-server-certificate',
  title: 'Generate server certificate',
  run: (context, inputs) =>
    withRotation(context, 'generate-server-certificate', inputs, { requires: [{ subject: 'server', claim: 'old-backed-up' }] }, async (rotation) => {
      const { old } = rotation.plan;
      if (!rotation.fresh) {
        // A file that a killed run left is not in the journal, so nobody was ever told to trust it.
        await removeUnknownPfx(context, rotation, [old]);
        let made: OpenedPfx | undefined;
        await rotation.effect('new-certificate', 'server', {}, async () => {
          let printed: Thumbprint | undefined;
          made = await storePfx(context, rotation, 'new', async (path, password) => {
            if (inputs.CertificateMaker === 'built-in') await context.files.create(path, await makeServerCertificate({ keyBits: Number(inputs.KeyBits) as 2048 | 3072 | 4096, lifetimeYears: inputs.LifetimeYears, now: context.clock.now(), random: context.random, password }));
            else printed = (await (await serverCommands(context, inputs.OctopusServer)).newCertificate(path, password)).made;
          }, (opened) => {
            const { thumbprint } = opened.facts;
            if (thumbprint === old) throw materialErrors.NEW_IS_OLD({ thumbprint });
            if (inputs.CertificateMaker === 'octopus-server' && printed !== thumbprint) throw materialErrors.PRINTED_DIFFERS({ printed: printed ?? 'none', found: thumbprint });
            const findings = lintCertificate(opened, context.clock.now());
            if (findings.length > 0) throw materialErrors.NEW_CERTIFICATE_UNFIT({ thumbprint, findings: findings.map((one) => one.message) });
          });
          return { thumbprint: made.facts.thumbprint };
        });
        const { facts } = made!;
        await rotation.record({ kind: 'new-certificate', subject: 'server', data: { thumbprint: facts.thumbprint, sha256: facts.sha256, notAfter: facts.notAfter, signatureAlgorithm: facts.signatureAlgorithm, keyBits: facts.key.bits } });
      }
      const fresh = rotation.fresh!;
      await requireStoredPfx(context, rotation, fresh.thumbprint, 'new');
      await rotation.prove('server', 'new-stored', 'file', { thumbprint: fresh.thumbprint });
      return {
        outcome: 'continue',
        outputs: { NewThumbprint: fresh.thumbprint },
        headline: `The new certificate is ${fresh.thumbprint} (${fresh.signatureAlgorithm}, ${fresh.keyBits} bits, until ${fresh.notAfter.slice(0, 10)}); ${swapIsDone(rotation) ? 'Octopus Server uses it' : 'Octopus Server does not use it yet'}.`,
      };
    }),
};

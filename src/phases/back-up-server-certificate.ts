import type BackUpServerCertificateInputs from '../../steps/back-up-server-certificate/inputs.ts';
import { materialErrors } from '../errors/material.ts';
import { demandPass } from '../gates/verdict.ts';
import { certificateKnown } from '../gates/certificate-expected.ts';
import { serverCommands } from './server-commands.ts';
import { openStoredPfx, removeUnknownPfx, storePfx } from './pfx-files.ts';
import { swapIsDone } from './swap-state.ts';
import { withRotation } from './rotation.ts';
import type { Phase } from './context.ts';

/** Document 1, step 1: export the certificate in force, and prove that the file opens and is that certificate. */
export const phase: Phase<BackUpServerCertificateInputs> = {
  name: 'back-up-server-certificate',
  title: 'Back up server certificate',
  run: (context, inputs) =>
    withRotation(context, 'back-up-server-certificate', inputs, { requires: [] }, async (rotation) => {
      const { old } = rotation.plan;
      const shown = (await rotation.octopus.certificate()).thumbprint;
      demandPass(certificateKnown(shown, old, rotation.fresh?.thumbprint ?? null));
      let opened = await openStoredPfx(context, rotation, old, 'old');
      if (!opened) {
        const server = await serverCommands(context, inputs.OctopusServer);
        await removeUnknownPfx(context, rotation, []);
        await rotation.effect('export-certificate', 'server', { thumbprint: old }, async () => {
          opened = await storePfx(context, rotation, 'old', (path, password) => server.exportCertificate(path, password), (exported) => {
            if (exported.facts.thumbprint !== old) throw materialErrors.BACKUP_NOT_OLD({ exported: exported.facts.thumbprint, old });
          });
          return { sha256: opened.facts.sha256 };
        });
      }
      await rotation.prove('server', 'old-backed-up', 'file', { thumbprint: old, notAfter: opened!.facts.notAfter });
      return {
        outcome: 'continue',
        outputs: { BackupThumbprint: old },
        headline: `${swapIsDone(rotation) ? 'The old certificate' : 'The certificate in force'} ${old} is backed up in ${rotation.pfxPath(old)}; the file opens and holds it with its key.`,
      };
    }),
};

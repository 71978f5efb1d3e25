import { swapErrors } from '../errors/swap.ts';
import { requireStoredPfx } from './pfx-files.ts';
import type { Side, SwapWork } from './swap-work.ts';

/** Import only when the observed certificate is the expected one (rule 10). */
export async function importGoal(work: SwapWork): Promise<void> {
  const { rotation, commands, goal, other } = work;
  await rotation.guard();
  const found = await commands.showThumbprint();
  if (found !== other.thumbprint) throw swapErrors.IMPORT_NOT_EXPECTED({ found, expected: other.thumbprint });
  await rotation.stage('import', `imports the ${goal.name} certificate ${goal.thumbprint}`);
  await importCertificate(work, goal);
}

/** Puts a certificate that this rotation keeps into the database, once for all nodes; each presents it after its own restart (A15). */
export async function importCertificate({ context, rotation, commands }: SwapWork, { name, thumbprint, shown }: Side): Promise<void> {
  await requireStoredPfx(context, rotation, thumbprint, name);
  const before = await commands.showThumbprint();
  await rotation.effect('import-certificate', 'server', { thumbprint }, async () => {
    let failure: unknown = null;
    try {
      await commands.importCertificate(rotation.pfxPath(thumbprint), rotation.pfxPassword(name));
    } catch (error) {
      failure = error;
    }
    // The outcome is what the database shows, whatever the command said (C15).
    const found = await commands.showThumbprint();
    if (found !== thumbprint) throw swapErrors.IMPORT_FAILED({ which: name, reason: failure instanceof Error ? failure.message : 'the command ended well, but the database does not show it', found: before }, failure);
    return { found };
  });
  await rotation.prove('server', shown, 'rest', { thumbprint });
}

import { join } from 'node:path';
import { openPfx } from '../certificates/pfx.ts';
import type { OpenedPfx } from '../certificates/contract.ts';
import type { Thumbprint } from '../certificates/thumbprint.ts';
import { materialErrors } from '../errors/material.ts';
import type { PhaseContext } from './context.ts';

/** Where a rotation keeps its PFX files, and what protects them. */
export interface PfxFolder {
  readonly folder: string;
  pfxPath(thumbprint: Thumbprint): string;
  pfxPassword(which: 'old' | 'new'): string;
}

/** Opens the PFX of a thumbprint and checks that it is that very certificate, protected by a MAC and with its key (rule 12). null when there is no file. */
export async function openStoredPfx(context: PhaseContext, rotation: PfxFolder, thumbprint: Thumbprint, which: 'old' | 'new'): Promise<OpenedPfx | null> {
  const path = rotation.pfxPath(thumbprint);
  if ((await context.files.facts(path)) === null) return null;
  return checkedPfx(await context.files.read(path), path, thumbprint, rotation.pfxPassword(which));
}

/** As openStoredPfx, where the file must be there. */
export async function requireStoredPfx(context: PhaseContext, rotation: PfxFolder, thumbprint: Thumbprint, which: 'old' | 'new'): Promise<OpenedPfx> {
  const opened = await openStoredPfx(context, rotation, thumbprint, which);
  if (!opened) throw materialErrors.PFX_MISSING({ path: rotation.pfxPath(thumbprint), thumbprint });
  return opened;
}

/**
 * Lets a command write a PFX into a file of its own, checks it, and keeps it under its thumbprint, created exclusively (rule 1).
 * The command's own file is removed in every case.
 */
export async function storePfx(context: PhaseContext, rotation: PfxFolder, which: 'old' | 'new', write: (path: string, password: string) => Promise<void>, check: (opened: OpenedPfx, path: string) => void): Promise<OpenedPfx> {
  const password = rotation.pfxPassword(which);
  const path = join(rotation.folder, `being-written-${Buffer.from(context.random.bytes(6)).toString('hex')}.pfx`);
  try {
    await write(path, password);
    const bytes = await context.files.read(path);
    const opened = await openPfx(bytes, password, path);
    check(opened, path);
    const kept = rotation.pfxPath(opened.facts.thumbprint);
    if ((await context.files.facts(kept)) === null) await context.files.create(kept, bytes);
    await checkedPfx(await context.files.read(kept), kept, opened.facts.thumbprint, password);
    return opened;
  } finally {
    await context.files.remove(path);
  }
}

/** Removes PFX files that a killed run left unfinished, and those that the journal does not know. */
export async function removeUnknownPfx(context: PhaseContext, rotation: PfxFolder, known: readonly Thumbprint[]): Promise<void> {
  for (const name of await context.files.list(rotation.folder)) {
    if (name.endsWith('.pfx') && !known.some((thumbprint) => name === `${thumbprint}.pfx`)) await context.files.remove(join(rotation.folder, name));
  }
}

async function checkedPfx(bytes: Uint8Array, path: string, thumbprint: Thumbprint, password: string): Promise<OpenedPfx> {
  const opened = await openPfx(bytes, password, path);
  if (!opened.hasMac) throw materialErrors.PFX_UNPROTECTED({ path });
  if (opened.facts.thumbprint !== thumbprint) throw materialErrors.PFX_OTHER_CERTIFICATE({ path, expected: thumbprint, found: opened.facts.thumbprint });
  return opened;
}

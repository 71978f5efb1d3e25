import type { Database } from '../database/database.ts';
import type { PackageReference, ProcessAction, RunbookProcess } from '../database/documents.ts';

export interface ChosenPackage { stepName: string; action: ProcessAction; reference: PackageReference; packageId: string; feedId: string }

/**
 * The package references of a process with what each means: a deferred reference of a step template takes package and feed
 * from the parameter that it names, as JSON (step-packages.md 7.1).
 */
export function processPackages(database: Database, process: RunbookProcess): ChosenPackage[] {
  return process.Steps.flatMap((step) => step.Actions.flatMap((action) => action.Packages.map((reference) => {
    const { packageId, feedId } = referencedPackage(database, action, reference);
    return { stepName: step.Name, action, reference, packageId, feedId };
  })));
}

function referencedPackage(database: Database, action: ProcessAction, reference: PackageReference): { packageId: string; feedId: string } {
  const parameter = reference.Properties.PackageParameterName;
  const value = parameter === undefined ? '' : database.reveal(action.Properties[parameter] ?? '');
  if (reference.PackageId === null && value !== '') {
    try {
      const chosen = JSON.parse(value) as { PackageId?: string; FeedId?: string };
      return { packageId: chosen.PackageId ?? '', feedId: chosen.FeedId ?? 'feeds-builtin' };
    } catch {
      return { packageId: value, feedId: 'feeds-builtin' };
    }
  }
  return { packageId: reference.PackageId ?? '', feedId: reference.FeedId ?? 'feeds-builtin' };
}

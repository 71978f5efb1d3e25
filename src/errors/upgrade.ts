import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

/** What an upgrade refuses beyond what installing refuses. */
export const upgradeErrors = catalogue({
  UPGRADE_NOT_INSTALLED: (values: { space: string; missing: string }) => ({
    message: `Octopus Rotation is not installed in the space "${printable(values.space)}", or not whole: there is no ${values.missing}.`,
    safe: 'Nothing was changed.',
    next: 'Install it there: octopus-rotation install --help',
  }),
  UPGRADE_OLDER: (values: { installed: string; release: string }) => ({
    message: `The release ${printable(values.release)} is older than the one that is installed (${printable(values.installed)}); an older program may not understand the journal of a newer one.`,
    safe: 'Nothing was changed.',
    next: 'Take a release that is at least as new. To go back all the same, end any rotation, then uninstall and install the older one.',
  }),
});

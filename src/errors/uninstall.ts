import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

const quoted = (names: string[]): string => names.map((name) => `"${printable(name)}"`).join(', ');

/** What taking Octopus Rotation away is refused for. */
export const uninstallErrors = catalogue({
  UNINSTALL_ROTATION_OPEN: (values: { rotation: string; isBegun: boolean }) => ({
    message: `A rotation is open (${printable(values.rotation)}): it needs the runbooks, the secret and the journal to be ended.`,
    safe: values.isBegun ? 'The project was already taken away; the marker of the rotation, in the library variable set "Octopus Rotation lease", was not.' : 'Nothing was changed.',
    next: values.isBegun ? 'Install again, with the value of Rotation.Secret that install showed, and end the rotation: octopus-rotation install' : 'End it first: run the runbook "Rotate server certificate" to its end, or give it up with octopus-rotation abandon or octopus-rotation roll-back.',
    failureMode: 'D20',
  }),
  UNINSTALL_PROJECT_SHARED: (values: { project: string; runbooks: string[] }) => ({
    message: `The project "${printable(values.project)}" also holds runbooks that Octopus Rotation did not make: ${quoted(values.runbooks)}.`,
    safe: 'Nothing was changed.',
    next: 'Move or delete these runbooks, then uninstall again.',
  }),
  UNINSTALL_TEMPLATE_IN_USE: (values: { template: string; users: string[] }) => ({
    message: `The step template "${printable(values.template)}" is also used outside the project of Octopus Rotation, by ${quoted(values.users)}.`,
    safe: 'Nothing was changed.',
    next: 'Remove these steps, then uninstall again.',
  }),
});

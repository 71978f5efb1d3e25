import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

const NOTHING = 'Nothing was changed.';
interface Difference { path: string; from: string | null; to: string | null }
const MOST = 12;
const lines = (differences: Difference[], indent = '    '): string => {
  const shown = differences.slice(0, MOST).map(({ path, from, to }) => `\n${indent}${path === '' ? '' : `${printable(path, 200)}: `}${from ?? 'nothing'} -> ${to ?? 'nothing'}`);
  return `${shown.join('')}${differences.length > MOST ? `\n${indent}and ${differences.length - MOST} more` : ''}`;
};
const quoted = (names: string[]): string => names.map((name) => `"${printable(name)}"`).join(', ');

/** What the installer refuses. Everything is looked at before anything is written, so each of these left Octopus as it was. */
export const installErrors = catalogue({
  INSTALL_SPACE_MISSING: (values: { space: string; seen: string[] }) => ({
    message: `There is no space "${printable(values.space)}" that this API key can see; it sees ${values.seen.length === 0 ? 'none' : quoted(values.seen)}.`,
    safe: NOTHING,
    next: 'Name the space with --space, or give the account of the API key access to it.',
    failureMode: 'A10',
  }),
  INSTALL_PERMISSIONS_MISSING: (values: { account: string; permissions: string[]; space: string }) => ({
    message: `The account of this API key, "${printable(values.account)}", may not do all of this in the space "${printable(values.space)}"; it lacks ${values.permissions.map((each) => printable(each)).join(', ')}.`,
    safe: NOTHING,
    next: 'Give the account a team with a user role that has these permissions in this space (Configuration > Teams), or install with the key of an account that has them.',
    failureMode: 'A10',
  }),
  INSTALL_ENVIRONMENT_MISSING: (values: { environment: string; space: string }) => ({
    message: `There is no environment "${printable(values.environment)}" in the space "${printable(values.space)}".`,
    safe: NOTHING,
    next: 'Name an environment that the host Tentacle is in with --environment, or make one.',
  }),
  INSTALL_HOST_MISSING: (values: { host: string; space: string }) => ({
    message: `There is no deployment target "${printable(values.host)}" in the space "${printable(values.space)}".`,
    safe: NOTHING,
    next: 'Register the Tentacle of the Octopus Server host as a deployment target in this space, and name it with --host-tentacle.',
  }),
  INSTALL_HOST_NOT_TENTACLE: (values: { host: string; style: string }) => ({
    message: `The deployment target "${printable(values.host)}" is not a listening Tentacle (its communication style is ${printable(values.style)}).`,
    safe: NOTHING,
    next: 'Name the listening Tentacle of the Octopus Server host with --host-tentacle.',
  }),
  INSTALL_HOST_DISABLED: (values: { host: string }) => ({
    message: `The deployment target "${printable(values.host)}" is disabled, so Octopus would run no step on it.`,
    safe: NOTHING,
    next: 'Enable it, then install again.',
  }),
  INSTALL_HOST_NOT_IN_ENVIRONMENT: (values: { host: string; environment: string }) => ({
    message: `The deployment target "${printable(values.host)}" is not in the environment "${printable(values.environment)}", so a run there would find no host.`,
    safe: NOTHING,
    next: 'Add the environment to the target, or name another one with --environment.',
  }),
  INSTALL_HOST_NOT_ALONE: (values: { host: string; role: string; others: string[] }) => ({
    message: `The role ${values.role} is to be on "${printable(values.host)}" alone, but it is also on ${quoted(values.others)}.`,
    safe: NOTHING,
    next: `Take the role ${values.role} away from the others (it decides where journal, keys and lease are), or name another host with --host-tentacle.`,
    failureMode: 'D20',
  }),
  INSTALL_HOST_IN_POOL: (values: { host: string; workers: { worker: string; space: string; pools: string[] }[] }) => ({
    message: `The Tentacle of "${printable(values.host)}" is also a worker: ${values.workers.map((each) => `"${printable(each.worker)}" in the space "${printable(each.space)}" (${each.pools.length === 0 ? 'in no pool at the moment' : each.pools.map((pool) => printable(pool)).join(', ')})`).join(', ')}. Every project that may use such a pool may run code on the Octopus Server host, where journal and keys are.`,
    safe: NOTHING,
    next: 'Delete this worker (Infrastructure > Workers), or name a Tentacle that is in no worker pool with --host-tentacle.',
    failureMode: 'D20',
  }),
  INSTALL_SETTING_INVALID: (values: { setting: string; value: string; expected: string }) => ({
    message: `The setting ${values.setting} cannot be "${printable(values.value)}"; it must be ${values.expected}.`,
    safe: NOTHING,
    next: 'octopus-rotation install --help',
  }),
  INSTALL_NAME_TAKEN: (values: { kind: string; name: string }) => ({
    message: `There is already a ${values.kind} "${printable(values.name)}" that Octopus Rotation did not make (its description does not say so).`,
    safe: 'It was not touched, and nothing else was changed.',
    next: `Rename that ${values.kind}, or install into another space with --space.`,
  }),
  INSTALL_PACKAGE_DIFFERS: (values: { file: string; stored: string | null }) => ({
    message: `The built-in feed already holds ${printable(values.file)} with other content${values.stored === null ? '' : ` (hash ${printable(values.stored)})`}; a package is never replaced under the same version.`,
    safe: 'The package in the feed was kept. No step, variable or runbook was changed.',
    next: `Install a release with another version; or, if that package is not used by anybody, delete it under Library > Packages > octopus-rotation and install again.`,
  }),
  INSTALL_PACKAGE_UNREADABLE: (values: { path: string; reason: string }) => ({
    message: `The package to install cannot be read from ${printable(values.path, 300)}: ${printable(values.reason, 200)}.`,
    safe: NOTHING,
    next: 'Run the program from its own folder (npm run build makes it), or name the folder that holds packages/ and step-templates/ with --from.',
  }),
  INSTALL_RELEASE_INCOMPLETE: (values: { phases: string[] }) => ({
    message: `The release to install has no step template for ${quoted(values.phases)}.`,
    safe: NOTHING,
    next: 'Build it again (npm run build), or take the whole release.',
  }),
  INSTALL_TEMPLATE_EDITED: (values: { template: string; differences: Difference[] }) => ({
    message: `Somebody edited the step template "${printable(values.template)}" since it was installed, and that would be lost:${lines(values.differences)}`,
    safe: NOTHING,
    next: 'Keep a copy of what is needed (Library > Step templates), then give --replace-edited; --dry-run with it shows everything that would change.',
  }),
  INSTALL_STEPS_EDITED: (values: { runbook: string; steps: { step: string; differences: Difference[] }[] }) => ({
    message: `Somebody edited the runbook "${printable(values.runbook)}" since it was installed, and that would be lost:${values.steps.map((each) => `\n    ${printable(each.step)}${lines(each.differences, '      ')}`).join('')}`,
    safe: `${NOTHING} Values of parameters that were edited are kept in any case.`,
    next: 'Keep a copy of what is needed, then give --replace-edited; --dry-run with it shows everything that would change.',
  }),
  INSTALL_SECRET_NOT_SENSITIVE: (values: { name: string }) => ({
    message: `The project variable ${values.name} exists but is not sensitive, so everybody who sees the project can read it.`,
    safe: NOTHING,
    next: `If no rotation is open, delete ${values.name} and install again, so that a new secret is made and stored as sensitive.`,
  }),
  INSTALL_API_KEY_GONE: (values: { name: string }) => ({
    message: `The project variable ${values.name}, which holds the API key of the account that rotates, is gone or not sensitive, and no API key was given to put there.`,
    safe: NOTHING,
    next: 'Install again with the key of the account that rotates: octopus-rotation install --help',
  }),
  INSTALL_SECRET_GONE: (values: { rotation: string }) => ({
    message: `A rotation is open (${printable(values.rotation)}), and the project variable Rotation.Secret, which authenticates its journal and protects its PFX files, is gone. A new secret could open neither.`,
    safe: NOTHING,
    next: 'Put the value that install showed when it made it back, as a sensitive project variable Rotation.Secret without scope (in the project "Octopus Rotation"), then install again. If the value is lost for good: see server and Tentacles and mend by hand what is in between, move the folder rotations out of the state folder on the host, delete the variable Rotation.Lease of the library variable set "Octopus Rotation lease", then install again.',
  }),
  INSTALL_NO_DEFAULT: (values: { kind: string; space: string }) => ({
    message: `The space "${printable(values.space)}" has no ${values.kind}, which a project needs.`,
    safe: NOTHING,
    next: `Make a ${values.kind} in that space, then install again.`,
  }),
});

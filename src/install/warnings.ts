import { printable } from '../errors/printable.ts';
import type { Observed } from './observe.ts';
import type { InstallPlan } from './plan.ts';
import type { InstallSettings } from './release.ts';

/** What does not forbid installing, but an administrator should know: who else can make the Octopus Server host run something. */
export interface Warning { code: string; message: string; next: string }

const SHOWN = 20;

/** Pure. Nothing that could not be seen is taken for harmless. */
export function warnings(settings: InstallSettings, observed: Observed, plan: InstallPlan): Warning[] {
  const found: Warning[] = [];
  const { editors, hostElsewhere } = observed.exposure;
  const space = `"${printable(settings.spaceName)}"`;
  const tell = (code: string, message: string, next: string) => void found.push({ code, message, next });
  const nameEditors = 'Look at the teams of the space (Configuration > Teams) for the permissions ProcessEdit, RunbookEdit and VariableEdit.';

  if (editors.seen && editors.names.length > 0) {
    tell('INSTALL_OTHERS_MAY_EDIT', `Besides this account, ${counted(editors.names.length, 'user')} may change the runbooks or their variables in the space ${space}, and so run code on the Octopus Server host: ${listed(editors.names)}.`,
      'Install into a space of its own whose teams hold only those who may administer the host.');
  }
  if (editors.seen && editors.notLooked > 0) tell('INSTALL_EDITORS_UNSEEN', `Of ${counted(editors.notLooked, 'further user')} it was not seen whether they may change the runbooks.`, nameEditors);
  if (!editors.seen) tell('INSTALL_EDITORS_UNSEEN', `Who else may change the runbooks in the space ${space} could not be seen: ${printable(editors.reason, 300)}`, nameEditors);

  if (observed.otherProjects.length > 0) {
    tell('INSTALL_SPACE_SHARED', `The space ${space} is not one of its own: it also has ${counted(observed.otherProjects.length, 'project')} (${listed(observed.otherProjects)}), and whoever may deploy there to "${printable(settings.hostTentacle)}" may run code on the Octopus Server host.`,
      'Make a space for Octopus Rotation alone, register the host there, and install into it.');
  }
  if (observed.can.limitsRequests && observed.account.isService === false) {
    tell('INSTALL_ACCOUNT_SHARED', `Octopus Server ${printable(observed.can.version)} limits how often an account may ask, and the API key belongs to "${printable(observed.account.name)}", which is not a service account: what a person does in the portal counts towards the same limit.`,
      'Make a service account for the rotation, and install with its API key.');
  }
  if (observed.openRotation !== null && plan.changes.some((each) => each.kind === 'snapshot' && each.action !== 'unchanged' && each.differences.length > 0)) {
    tell('INSTALL_ROTATION_OPEN', `A rotation is open (${printable(observed.openRotation)}). What its relay queues goes on with the snapshot and the package that it began with; a run that is started from now on takes the new snapshot, and goes on with the rotation too.`,
      'Nothing needs to be done. To finish it with the old release only, wait until it has ended: octopus-rotation status');
  }
  if (!hostElsewhere.seen) {
    tell('INSTALL_HOST_POOLS_UNSEEN', `Octopus has no thumbprint for "${printable(settings.hostTentacle)}", so it could not be seen whether its Tentacle is also in a worker pool.`, 'Check the health of the target, then install again.');
    return found;
  }
  const targets = hostElsewhere.registrations.filter((each) => each.kind === 'target').map((each) => `"${printable(each.name)}" in the space "${printable(each.spaceName)}"`);
  if (targets.length > 0) {
    tell('INSTALL_HOST_REGISTERED_TWICE', `The host's Tentacle is also the deployment target ${targets.slice(0, SHOWN).join(', ')}${targets.length > SHOWN ? ` and ${targets.length - SHOWN} more` : ''}: whoever may deploy there may run code on the Octopus Server host.`,
      'Remove the registrations that are not needed.');
  }
  if (hostElsewhere.unseenSpaces.length > 0) {
    tell('INSTALL_HOST_POOLS_UNSEEN', `The machines of ${counted(hostElsewhere.unseenSpaces.length, 'space')} could not be read (${listed(hostElsewhere.unseenSpaces)}), so it was not seen whether the host's Tentacle is in a worker pool there.`,
      'Give the account of the API key MachineView and WorkerView in every space; a rotation needs them too.');
  }
  return found;
}

const counted = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

function listed(names: readonly string[]): string {
  return `${names.slice(0, SHOWN).map((each) => printable(each)).join(', ')}${names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''}`;
}

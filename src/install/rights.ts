import type { Rights } from '../octopus/users.ts';
import type { Change } from './plan.ts';

type Write = Exclude<Change['action'], 'unchanged'>;

/** What each write needs in the space, by the names of OctopusClients (Model/Permission.cs); octopus-rest.md 9. */
const NEEDED: Record<Change['kind'], Record<Write, readonly string[]>> = {
  package: { create: ['BuiltInFeedPush'], update: ['BuiltInFeedPush'] },
  'step template': { create: ['ActionTemplateCreate'], update: ['ActionTemplateEdit'] },
  lease: { create: ['LibraryVariableSetCreate'], update: ['LibraryVariableSetEdit'] },
  'host role': { create: ['MachineEdit'], update: ['MachineEdit'] },
  project: { create: ['ProjectCreate'], update: ['ProjectEdit'] },
  variables: { create: ['VariableEdit'], update: ['VariableEdit'] },
  runbook: { create: ['RunbookEdit'], update: ['RunbookEdit'] },
  process: { create: ['ProcessEdit', 'RunbookEdit'], update: ['ProcessEdit', 'RunbookEdit'] },
  snapshot: { create: ['RunbookEdit'], update: ['RunbookEdit'] },
  trigger: { create: ['TriggerCreate'], update: ['TriggerEdit'] },
};

/**
 * Permissions that the account lacks for what the plan would write. Pure. Nothing when Octopus shows the account's rights in part only; a right that is
 * restricted counts as there, since whether the restriction matters is for Octopus to say, which refuses the request then.
 */
export function missingRights(changes: readonly Pick<Change, 'kind' | 'action'>[], rights: Rights, spaceId: string): string[] {
  if (!rights.isComplete || rights.system.includes('AdministerSystem')) return [];
  const needed = changes.flatMap((each) => (each.action === 'unchanged' ? [] : NEEDED[each.kind][each.action]));
  return [...new Set(needed)].filter((name) => !(rights.inSpaces[name] ?? []).some((grant) => grant.spaceId === spaceId)).sort();
}

import { hashApiKey } from '../database/users.ts';
import type { Collections, Space, User } from '../database/documents.ts';
import { forbidden } from './errors.ts';

/** Every permission name that the sandbox checks or lists (net/Model/Permission.cs), by where it applies. */
export const systemPermissions = ['AdministerSystem', 'SpaceView', 'SpaceEdit', 'SpaceCreate', 'SpaceDelete', 'UserView', 'UserEdit', 'TaskView', 'TaskCreate', 'TaskCancel', 'TaskEdit', 'TaskPrioritize', 'ConfigureServer'];
export const spacePermissions = ['TaskView', 'TaskCreate', 'TaskCancel', 'TaskEdit', 'TaskPrioritize', 'MachineView', 'MachineEdit', 'MachineCreate', 'MachineDelete', 'WorkerView', 'WorkerEdit', 'EnvironmentView',
  'ProjectView', 'ProjectCreate', 'ProjectEdit', 'ProjectDelete', 'RunbookView', 'RunbookEdit', 'ProcessView', 'ProcessEdit', 'RunbookSnapshotView', 'RunbookSnapshotCreate', 'RunbookRunView', 'RunbookRunCreate', 'ActionTemplateView',
  'ActionTemplateCreate', 'ActionTemplateEdit', 'ActionTemplateDelete', 'FeedView', 'BuiltInFeedPush', 'BuiltInFeedDownload', 'BuiltInFeedAdminister', 'VariableView', 'VariableEdit', 'VariableViewUnscoped', 'VariableEditUnscoped', 'LibraryVariableSetView',
  'LibraryVariableSetCreate', 'LibraryVariableSetEdit', 'LibraryVariableSetDelete', 'ArtifactView', 'ArtifactCreate', 'ArtifactEdit', 'ArtifactDelete', 'InterruptionView', 'InterruptionSubmit', 'TriggerView', 'TriggerCreate', 'TriggerEdit', 'TriggerDelete'];

/** The user that an API key belongs to. */
export function userOf(all: Collections, apiKey: string): User | null {
  const hash = hashApiKey(apiKey);
  const key = all.ApiKeys.find((candidate) => candidate.Hash === hash);
  return all.Users.find((user) => user.Id === key?.UserId && user.IsActive) ?? null;
}

const holds = (granted: string[], permission: string) => granted.includes('*') || granted.includes(permission);

export function isAdministrator(user: User): boolean {
  return holds(user.System, 'AdministerSystem');
}

/** `spaceId` null = a system permission. */
export function may(user: User, permission: string, spaceId: string | null): boolean {
  if (isAdministrator(user)) return true;
  if (spaceId === null) return holds(user.System, permission);
  return holds(user.Spaces[spaceId] ?? [], permission) || holds(user.Spaces['*'] ?? [], permission);
}

export function demand(user: User, permission: string, spaceId: string | null): void {
  if (!may(user, permission, spaceId)) throw forbidden(permission);
}

export function maySee(user: User, space: Space): boolean {
  return isAdministrator(user) || holds(user.System, 'SpaceView') || space.Id in user.Spaces || '*' in user.Spaces;
}

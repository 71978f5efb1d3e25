import { demand, isAdministrator, may } from './access.ts';
import { bodyOf, BodyReader, type Json } from './body.ts';
import { badRequest, forbidden, notFound } from './errors.ts';
import { visibleSpaces } from './spaces.ts';
import type { Call } from './router.ts';
import type { NewTask } from '../tasks/queue.ts';

/** Kinds that a real server lists (octopus-rest.md 4.4). Only those in `simulated` can be created here. */
export const taskTypes = ['AdHocScript', 'Backup', 'ConfigureLetsEncrypt', 'Health', 'Retention', 'SyncCommunityActionTemplates', 'SynchronizeBuiltInPackageRepositoryIndex', 'SystemIntegrityCheck', 'TestAccount', 'TestAzureAccount', 'TestEmail', 'UpdateCalamari', 'Upgrade'];
export const documentTasks = ['TentacleAddTrust', 'TentacleRemoveTrust', 'TentacleRegenerateCertificate'];
const simulated = ['AdHocScript', 'Health'];

const arrays = ['MachineIds', 'WorkerIds', 'WorkerPoolIds', 'EnvironmentIds', 'TargetRoles', 'TenantIds'];
const known: Record<string, string[]> = {
  Health: ['Timeout', 'MachineTimeout', 'OnlyTestConnection', 'MachineIds', 'EnvironmentId', 'WorkerPoolId', 'WorkerpoolId', 'MachinePolicyId', 'RestrictedTo'],
  AdHocScript: ['ScriptBody', 'Syntax', 'MachineIds', 'WorkerIds', 'WorkerPoolIds', 'EnvironmentIds', 'TargetRoles', 'TenantIds', 'TargetType'],
};

function checkArguments(read: BodyReader, name: string, options: Json): void {
  for (const key of arrays) {
    const value = options[key];
    if (value !== undefined && value !== null && !(Array.isArray(value) && value.every((item) => typeof item === 'string'))) read.complain(`${key} must be an array of strings.`);
  }
  for (const key of Object.keys(options)) {
    if (known[name] && !known[name].includes(key)) read.complain(`sandbox: the argument ${key} of ${name} is not simulated.`);
  }
  if (name !== 'AdHocScript') return;
  if (typeof options.ScriptBody !== 'string' || options.ScriptBody === '') read.complain('Please provide a script body.');
  if (options.Syntax !== 'Bash' && options.Syntax !== 'PowerShell') read.complain(`sandbox: the script syntax ${String(options.Syntax)} is not simulated.`);
  const type = options.TargetType ?? 'Machines';
  if (!['Machines', 'Environments', 'Workers', 'WorkerPools'].includes(String(type))) read.complain(`sandbox: the target type ${String(type)} is not simulated.`);
  if (!arrays.some((key) => Array.isArray(options[key]) && (options[key] as unknown[]).length > 0)) read.complain('Please select at least one machine, worker, worker pool, environment or role.');
}

/** Every id of a request must be a machine of the space that the key may see. */
function checkIds(call: Call, spaceId: string, options: Json, read: BodyReader): void {
  const { Machines, Workers } = call.all;
  const has = (items: { Id: string; SpaceId: string }[], id: unknown) => items.some((item) => item.SpaceId === spaceId && item.Id.toLowerCase() === String(id).toLowerCase());
  for (const id of Array.isArray(options.MachineIds) ? options.MachineIds : []) if (!has(Machines, id) && !has(Workers, id)) read.complain(`The machine '${String(id)}' does not exist in this space.`);
  for (const id of Array.isArray(options.WorkerIds) ? options.WorkerIds : []) if (!has(Workers, id)) read.complain(`The worker '${String(id)}' does not exist in this space.`);
}

function checkPermissions(call: Call, name: string, spaceId: string): void {
  if (isAdministrator(call.user)) return;
  demand(call.user, 'TaskCreate', spaceId);
  if (!may(call.user, 'MachineEdit', spaceId) && !may(call.user, 'WorkerEdit', spaceId)) throw forbidden(name === 'AdHocScript' ? 'AdministerSystem' : 'MachineEdit');
}

/** The task that a POST asks for, checked (octopus-rest.md 4.4 and 9). */
export function requestedTask(call: Call): NewTask {
  const body = bodyOf(call.body);
  const read = new BodyReader(body);
  const Name = read.text('Name');
  const Description = read.text('Description');
  read.check();
  const isDocumentTask = documentTasks.includes(Name) && Boolean(call.context.faults.current().documentTasks);
  if (!taskTypes.includes(Name) && !isDocumentTask) throw badRequest(`The task type '${Name}' is not known.`);
  if (!simulated.includes(Name) && !isDocumentTask) throw badRequest(`sandbox: tasks of kind ${Name} are not simulated.`);
  const spaceId = typeof body.SpaceId === 'string' && body.SpaceId !== '' ? body.SpaceId : call.space?.Id ?? null;
  if (spaceId === null) {
    demand(call.user, 'AdministerSystem', null);
    throw badRequest(`A task of kind ${Name} needs a SpaceId.`);
  }
  const space = visibleSpaces(call).find(({ Id }) => Id.toLowerCase() === spaceId.toLowerCase());
  if (!space) throw notFound(spaceId);
  if (call.space && call.space.Id !== space.Id) throw badRequest(`The SpaceId ${spaceId} is not the space of the address.`);
  checkPermissions(call, Name, space.Id);
  const options = body.Arguments ?? {};
  if (typeof options !== 'object' || Array.isArray(options)) throw badRequest('Arguments must be an object.');
  checkArguments(read, Name, options as Json);
  checkIds(call, space.Id, options as Json, read);
  read.check();
  const time = (key: string) => (typeof body[key] === 'string' ? new Date(body[key]).toISOString() : null);
  return { Name, Description, SpaceId: space.Id, Arguments: options as Json, QueueTime: time('QueueTime'), QueueTimeExpiry: time('QueueTimeExpiry'), CreatedBy: call.user.Username };
}

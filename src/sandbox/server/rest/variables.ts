import { randomUUID } from 'node:crypto';
import { bodyOf, BodyReader, demandVersion, type Json } from './body.ts';
import { pathOf, readRoutes, selfLink } from './collection.ts';
import { badRequest } from './errors.ts';
import { query, queryList } from './paging.ts';
import { created, inSpace, ofSpace, touch, type Router, type SpaceCall } from './router.ts';
import { nextId } from '../database/database.ts';
import { isProtected } from '../database/encryption.ts';
import type { LibraryVariableSet, Variable, VariablePrompt, VariableSet } from '../database/documents.ts';

const types = ['String', 'Sensitive', 'Certificate', 'WorkerPool', 'AmazonWebServicesAccount', 'AzureAccount', 'GoogleCloudAccount', 'UsernamePasswordAccount', 'GenericOidcAccount'];
const scopeKeys = ['Environment', 'Role', 'Machine', 'Action', 'Channel', 'TenantTag', 'ProcessOwner'];
const stale = 'The variable set could not be saved, because another user has made changes to it.';

function scopeValues(call: SpaceCall, set: VariableSet): Json {
  const named = (items: { Id: string; Name: string }[]) => items.map(({ Id, Name }) => ({ Id, Name }));
  const machines = ofSpace(call, call.all.Machines);
  const runbooks = ofSpace(call, call.all.Runbooks).filter(({ ProjectId }) => ProjectId === set.OwnerId);
  const processes = call.all.RunbookProcesses.filter(({ RunbookId, Frozen }) => !Frozen && runbooks.some(({ Id }) => Id === RunbookId));
  return {
    Environments: named(ofSpace(call, call.all.Environments)), Machines: named(machines), Roles: [...new Set(machines.flatMap(({ Roles }) => Roles))].map((role) => ({ Id: role, Name: role })),
    Actions: processes.flatMap(({ Steps }) => Steps.flatMap(({ Actions }) => named(Actions))), Channels: [], TenantTags: [], Processes: runbooks.map(({ Id, Name }) => ({ ProcessType: 'Runbook', Id, Name })),
  };
}

function resource(call: SpaceCall, set: VariableSet): Json {
  const { Frozen: _frozen, ...shown } = set;
  return { ...shown, Variables: set.Variables.map((variable) => ({ ...variable, Value: variable.IsSensitive || isProtected(variable.Value) ? null : variable.Value })), ScopeValues: scopeValues(call, set), ...selfLink(call, 'variables', set.Id) };
}

function scopeOf(read: BodyReader, name: string, sent: unknown): Record<string, string[]> {
  if (sent === undefined || sent === null) return {};
  const entries = Object.entries(sent as Record<string, unknown>);
  for (const [key, value] of entries) {
    if (!scopeKeys.includes(key)) read.complain(`The scope ${key} of the variable ${name} is not known.`);
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) read.complain(`The scope ${key} of the variable ${name} must be an array of ids.`);
  }
  return Object.fromEntries(entries) as Record<string, string[]>;
}

/** A variable as sent: a sensitive value of null keeps the stored one of the same id (octopus-rest.md 7.3). */
function variableFrom(call: SpaceCall, read: BodyReader, sent: Json, current: VariableSet): Variable {
  const name = typeof sent.Name === 'string' ? sent.Name : '';
  if (name.trim() === '') read.complain('Please provide a name for each variable.');
  const Type = typeof sent.Type === 'string' ? sent.Type : sent.IsSensitive === true ? 'Sensitive' : 'String';
  if (!types.includes(Type)) read.complain(`The type ${Type} of the variable ${name} is not known.`);
  const IsSensitive = sent.IsSensitive === true || Type === 'Sensitive';
  if (sent.Value !== undefined && sent.Value !== null && typeof sent.Value !== 'string') read.complain(`The value of the variable ${name} must be text.`);
  const existing = current.Variables.find((variable) => variable.Id === sent.Id);
  const text = typeof sent.Value === 'string' ? sent.Value : null;
  const Value = !IsSensitive ? text : text !== null ? call.context.database.protect(text) : existing && isProtected(existing.Value) ? existing.Value : null;
  const Scope = scopeOf(read, name, sent.Scope);
  const Prompt = (sent.Prompt ?? null) as VariablePrompt | null;
  if (Prompt && Object.entries(Scope).some(([key, ids]) => key !== 'Environment' && ids.length > 0)) read.complain(`The prompted variable ${name} can be scoped to environments only.`);
  return { Id: existing?.Id ?? (typeof sent.Id === 'string' && sent.Id !== '' ? sent.Id : randomUUID()), Name: name, Value, Description: typeof sent.Description === 'string' ? sent.Description : '', Type: IsSensitive ? 'Sensitive' : Type, Scope, IsEditable: sent.IsEditable !== false, IsSensitive, Prompt };
}

function save(call: SpaceCall): Json {
  const current = inSpace(call, call.all.VariableSets, call.params.id ?? '');
  if (current.Frozen) throw badRequest('A variable set of a snapshot cannot be changed.');
  const body = bodyOf(call.body);
  if (!Array.isArray(body.Variables)) throw badRequest('Please provide Variables, an array.');
  const read = new BodyReader(body);
  const variables = (body.Variables as Json[]).map((variable) => variableFrom(call, read, bodyOf(variable), current));
  read.check();
  return call.context.database.write(({ Collections }) => {
    const stored = inSpace(call, Collections.VariableSets, current.Id);
    // Compared under the lock: of two writers with the same version one is refused.
    demandVersion(stored.Version, body, stale);
    return resource(call, touch(call, Object.assign(stored, { Variables: variables, Version: stored.Version + 1 })));
  });
}

function librarySet(call: SpaceCall, set: LibraryVariableSet): Json {
  return { ...set, ...selfLink(call, 'libraryvariablesets', set.Id, { Variables: pathOf(call, 'variables', set.VariableSetId) }) };
}

function libraryFrom(call: SpaceCall, current: LibraryVariableSet | null): { Name: string; Description: string } {
  const read = new BodyReader(bodyOf(call.body));
  const Name = read.text('Name');
  const Description = read.text('Description', current?.Description ?? '');
  const kind = read.text('ContentType', 'Variables');
  if (kind !== 'Variables') read.complain(`sandbox: library sets of ContentType ${kind} are not simulated.`);
  if (ofSpace(call, call.all.LibraryVariableSets).some((other) => other.Id !== current?.Id && other.Name.toLowerCase() === Name.toLowerCase())) read.complain(`A library variable set with the name '${Name}' already exists. Please choose a different name.`);
  read.check();
  return { Name, Description };
}

/** Variable sets of projects and of the library; `Version` makes PUT a compare-and-swap. */
export function variableRoutes(router: Router): void {
  router.space('GET', '/variables/all', { permission: 'VariableView' }, (call) => {
    const ids = queryList(call, 'ids');
    return ofSpace(call, call.all.VariableSets).filter(({ Id, Frozen }) => (ids === null ? !Frozen : ids.includes(Id))).map((set) => resource(call, set));
  });
  router.space('GET', '/variables/:id', { permission: 'VariableView' }, (call) => resource(call, inSpace(call, call.all.VariableSets, call.params.id ?? '')));
  router.space('PUT', '/variables/:id', { permission: 'VariableEdit' }, save);
  readRoutes(router, { noun: 'libraryvariablesets', collection: 'LibraryVariableSets', itemType: 'LibraryVariableSet', permission: 'LibraryVariableSetView', toResource: librarySet, where: (call, set) => (query(call, 'contentType') ?? set.ContentType) === set.ContentType });
  router.space('POST', '/libraryvariablesets', { permission: 'LibraryVariableSetCreate' }, (call) => {
    libraryFrom(call, null);
    return created(call, call.context.database.write((content) => {
      // Checked again under the lock, so that two creators cannot both succeed.
      const input = libraryFrom({ ...call, body: call.body, all: content.Collections }, null);
      const Id = nextId(content, 'LibraryVariableSets');
      const set = touch<LibraryVariableSet>(call, { Id, SpaceId: call.space.Id, ...input, ContentType: 'Variables', VariableSetId: `variableset-${Id}`, Templates: [] });
      content.Collections.LibraryVariableSets.push(set);
      content.Collections.VariableSets.push({ Id: set.VariableSetId, SpaceId: call.space.Id, OwnerId: Id, Version: 0, Variables: [] });
      return librarySet(call, set);
    }));
  });
  router.space('PUT', '/libraryvariablesets/:id', { permission: 'LibraryVariableSetEdit' }, (call) => {
    const current = inSpace(call, call.all.LibraryVariableSets, call.params.id ?? '');
    const input = libraryFrom(call, current);
    return call.context.database.write(({ Collections }) => librarySet(call, touch(call, Object.assign(inSpace(call, Collections.LibraryVariableSets, current.Id), input))));
  });
  router.space('DELETE', '/libraryvariablesets/:id', { permission: 'LibraryVariableSetDelete' }, (call) => {
    const set = inSpace(call, call.all.LibraryVariableSets, call.params.id ?? '');
    if (call.all.Projects.some(({ IncludedLibraryVariableSetIds }) => IncludedLibraryVariableSetIds.includes(set.Id))) throw badRequest('The library variable set is used by a project.');
    call.context.database.write(({ Collections }) => {
      Collections.LibraryVariableSets = Collections.LibraryVariableSets.filter(({ Id }) => Id !== set.Id);
      Collections.VariableSets = Collections.VariableSets.filter(({ Id }) => Id !== set.VariableSetId);
    });
    return {};
  });
}

import { octopusErrors } from '../errors/octopus.ts';
import { segment } from './address.ts';
import type { LibrarySet } from './contract.ts';
import { failure } from './failure.ts';
import type { Http } from './http.ts';
import { allItems } from './pages.ts';
import { either, filledText, flag, list, maybe, object, text, type Document } from './reader.ts';
import { readVersioned, writeVersioned } from './versioned.ts';

const set = object({ Id: filledText, Name: filledText, VariableSetId: filledText, Description: either(text, ''), ContentType: either(text, 'Variables') });
const held = object({ Variables: list(object({ Name: filledText, Value: maybe(text), IsSensitive: either(flag, false) })) });

export interface LibrarySetFacts { id: string; name: string; variableSetId: string; description: string }

/** The set of that exact name, without its variables. */
export async function findLibrarySet(http: Http, spaceId: string, name: string): Promise<LibrarySetFacts | null> {
  const sets = await allItems(http, `/api/${segment(spaceId)}/libraryvariablesets`, set, (each) => each.Id, { partialName: name });
  const found = sets.find((each) => each.Name === name && each.ContentType === 'Variables');
  return found === undefined ? null : { id: found.Id, name: found.Name, variableSetId: found.VariableSetId, description: found.Description };
}

const variablesPath = (spaceId: string, variableSetId: string): string => `/api/${segment(spaceId)}/variables/${segment(variableSetId)}`;

/** The set of that exact name with the plain texts that it holds; sensitive variables are not among them. */
export async function readLibrarySet(http: Http, spaceId: string, name: string): Promise<LibrarySet | null> {
  const facts = await findLibrarySet(http, spaceId, name);
  return facts === null ? null : withVariables(http, spaceId, facts);
}

async function withVariables(http: Http, spaceId: string, facts: LibrarySetFacts): Promise<LibrarySet> {
  const { version, whole } = await readVersioned(http, variablesPath(spaceId, facts.variableSetId));
  return { id: facts.id, name: facts.name, variableSetId: facts.variableSetId, version, variables: textsOf(whole) };
}

function textsOf(whole: Document): Record<string, string> {
  const { Variables } = held(whole, 'the variables');
  return Object.fromEntries(Variables.filter((each) => !each.IsSensitive).map((each) => [each.Name, each.Value ?? '']));
}

/** A new, empty set. */
export async function createLibrarySet(http: Http, spaceId: string, name: string, description: string): Promise<LibrarySet> {
  const made = await http.send('POST', `/api/${segment(spaceId)}/libraryvariablesets`, set, { body: { SpaceId: spaceId, Name: name, Description: description, ContentType: 'Variables' } });
  return withVariables(http, spaceId, { id: made.Id, name: made.Name, variableSetId: made.VariableSetId, description });
}

/** Replaces every variable, by compare-and-swap on the version (octopus-rest.md 7.3). OCTOPUS_STALE when somebody wrote since `set.version`. */
export async function writeLibrarySet(http: Http, spaceId: string, set: LibrarySet, variables: Record<string, string>): Promise<LibrarySet> {
  const path = variablesPath(spaceId, set.variableSetId);
  const { version, whole } = await readVersioned(http, path);
  if (version !== set.version) {
    throw failure(octopusErrors.OCTOPUS_STALE({ request: `PUT ${path}`, url: http.url, status: 400, said: '' }), { status: null, errorMessage: '', errors: [] });
  }
  const before = new Map(list(object({ Id: either(text, ''), Name: filledText }))(whole['Variables'], 'the variables').map((each) => [each.Name, each.Id]));
  const Variables = Object.entries(variables).map(([Name, Value]) => ({ Id: before.get(Name) ?? '', Name, Value, Type: 'String', Scope: {}, IsSensitive: false, IsEditable: true, Prompt: null, Description: null }));
  const wanted = JSON.stringify(sorted(variables));
  const written = await writeVersioned(http, path, { ...whole, Version: set.version, Variables }, (found) => JSON.stringify(sorted(textsOf(found))) === wanted);
  return { ...set, version: written.version, variables: textsOf(written.whole) };
}

const sorted = (values: Record<string, string>): [string, string][] => Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));

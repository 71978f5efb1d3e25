import type { Document } from '../octopus/reader.ts';
import { shown, type Difference } from './differences.ts';
import { SETTINGS, type Setting } from './settings.ts';

export const SECRET = 'Rotation.Secret';
export const API_KEY = 'Rotation.ApiKey';
const SERVER_URL = 'Rotation.ServerUrl';

/** What is asked when a runbook is started, by the variable's name. */
const PROMPTS: Record<string, { label: string; about: string }> = {
  'Rotation.Force': { label: 'Rotate now although it is not due', about: 'A ticket or a reason; each text works once. Leave it empty to rotate only when it is due.' },
  'Rotation.Machines': { label: 'Tentacle certificates: only these machines', about: 'Names separated by commas; they are then due. Leave it empty for all.' },
  'Rotation.Tags': { label: 'Tentacle certificates: only machines with one of these target tags', about: 'Separated by commas; they are then due. Leave it empty for all.' },
  'Rotation.Environments': { label: 'Tentacle certificates: only machines of one of these environments', about: 'Names or ids separated by commas; they are then due. Leave it empty for all.' },
};

export interface WantedValues {
  serverUrl: string;
  apiKey: string;
  /** Tells one key from another without telling the key; kept in the variable's description, since Octopus never gives the value back. */
  apiKeyFingerprint: string;
  /** Used when there is no secret yet. */
  newSecret: string;
  /** Settings that were given now; the others keep the value that somebody may have changed in the portal. */
  given: Partial<Record<Setting, string>>;
  /** Address and API key stay as they are where they are there: who upgrades need not be the account that rotates. */
  keepAccess?: boolean;
}

/** What Octopus says of a variable, as far as it matters here. */
interface Present { Name: string; IsSensitive: boolean; unscoped: boolean; whole: Document }

export interface MergedVariables { variables: Document[]; changed: boolean; secretMade: boolean; secretExposed: boolean; /** The API key would have to be written, and there is none to write. */ keyGone: boolean }

/** The project's variables with ours among them; nothing of anybody else is touched, and no value that a person may have set is overwritten unasked. */
export function mergeVariables(present: readonly Document[], wanted: WantedValues): MergedVariables {
  const found = present.map(read);
  const find = (name: string): Present | undefined => found.find((each) => each.Name.toLowerCase() === name.toLowerCase() && each.unscoped);
  const replaced = new Map<Document, Document>();
  const added: Document[] = [];
  const put = (name: string, value: string, about: string, keep: boolean): void => {
    const there = find(name);
    if (there === undefined) added.push(variable(name, value, about));
    else if (!keep && (there.whole['Value'] ?? '') !== value) replaced.set(there.whole, { ...there.whole, Value: value });
  };

  put(SERVER_URL, wanted.serverUrl, 'Address of Octopus Server, as the host reaches it.', wanted.keepAccess === true);
  for (const [name, { value, about }] of Object.entries(SETTINGS)) {
    const given = wanted.given[name as Setting];
    put(`Rotation.${name}`, given ?? value, about, given === undefined);
  }
  for (const [name, { label, about }] of Object.entries(PROMPTS)) if (find(name) === undefined) added.push(prompted(name, label, about));

  const keyAbout = `API key of the account that rotates. Fingerprint: ${wanted.apiKeyFingerprint}.`;
  const key = find(API_KEY);
  if (key === undefined) added.push(sensitive(API_KEY, wanted.apiKey, keyAbout));
  else if (!key.IsSensitive || (wanted.keepAccess !== true && key.whole['Description'] !== keyAbout)) replaced.set(key.whole, { ...key.whole, ...sensitive(API_KEY, wanted.apiKey, keyAbout) });

  const keyGone = wanted.apiKey === '' && (key === undefined || !key.IsSensitive);

  const secret = find(SECRET);
  if (secret === undefined) added.push(sensitive(SECRET, wanted.newSecret, 'Authenticates the journal and protects the PFX files. Without it an open rotation cannot be resumed.'));

  return {
    variables: [...present.map((each) => replaced.get(each) ?? each), ...added],
    changed: replaced.size + added.length > 0,
    keyGone,
    secretMade: secret === undefined,
    secretExposed: secret !== undefined && !secret.IsSensitive,
  };
}

/** What a write changes of the variables, by their names; of a sensitive one only that it changes. */
export function variableDifferences(present: readonly Document[], merged: readonly Document[]): Difference[] {
  return merged.flatMap((next, index): Difference[] => {
    const before = present[index];
    if (before === next) return [];
    const isSecret = [before, next].some((each) => each?.['IsSensitive'] === true || [SECRET, API_KEY].some((name) => name.toLowerCase() === String(each?.['Name']).toLowerCase()));
    const [from, to] = [before, next].map((each) => (each === undefined ? null : shown(each['Value'] ?? '', isSecret) ?? (isSecret ? shown({ HasValue: true }, true) : '""')));
    return [{ path: String(next['Name']), from: from ?? null, to: to ?? null }];
  });
}

function read(whole: Document): Present {
  const scope = whole['Scope'];
  const unscoped = typeof scope !== 'object' || scope === null || Object.values(scope).every((each) => !Array.isArray(each) || each.length === 0);
  return { Name: typeof whole['Name'] === 'string' ? whole['Name'] : '', IsSensitive: whole['IsSensitive'] === true || whole['Type'] === 'Sensitive', unscoped, whole };
}

const variable = (Name: string, Value: string, Description: string): Document => ({ Name, Value, Description, Type: 'String', Scope: {}, IsSensitive: false, IsEditable: true, Prompt: null });
const sensitive = (Name: string, Value: string, Description: string): Document => ({ ...variable(Name, Value, Description), Type: 'Sensitive', IsSensitive: true });
const prompted = (Name: string, Label: string, Description: string): Document => ({
  ...variable(Name, '', Description),
  Prompt: { Label, Description, Required: false, DisplaySettings: { 'Octopus.ControlType': 'SingleLineText' } },
});

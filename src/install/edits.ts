import type { Document } from '../octopus/reader.ts';
import { PARAMETER_PREFIX } from '../packaging/names.ts';
import { differences, type Difference, type IsSecret } from './differences.ts';
import { says } from './same.ts';

/** Values of parameters that a person gave in a step, by the step's name; they are kept. */
export type KeptParameters = ReadonlyMap<string, Document>;

/** A step that is neither as an installation left it nor as it is to be. The differences are what would be lost. */
export interface EditedStep { step: string; differences: Difference[] }

/**
 * What people changed in a process since it was installed. Pure. `installed` is what the last snapshot of ours froze (null: there is none), so that what an older release wrote is told from what somebody edited. A step of which that cannot be known counts as edited.
 */
export function editsOf(present: readonly Document[], installed: { steps: readonly Document[]; kept: readonly string[] } | null, wanted: readonly Document[], isSecret: IsSecret): { kept: KeptParameters; steps: EditedStep[] } {
  const kept = new Map<string, Document>();
  const steps: EditedStep[] = [];
  if (present.length === 0 && installed === null) return { kept, steps };
  for (const step of present) {
    const [name, base, next] = [nameOf(step), find(installed?.steps ?? [], step), find(wanted, step)];
    if (next !== undefined && same(plain(step), plain(next))) continue;
    const given = base === undefined ? {} : givenIn(step, base, next, installed?.kept ?? []);
    if (Object.keys(given).length > 0) kept.set(name, given);
    if (base !== undefined && same(withoutParameters(step), withoutParameters(base))) continue;
    steps.push({ step: name, differences: next === undefined ? [{ path: '', from: 'there', to: null }] : lost(step, base, next, isSecret) });
  }
  for (const gone of (installed?.steps ?? []).filter((each) => find(present, each) === undefined && find(wanted, each) !== undefined)) steps.push({ step: nameOf(gone), differences: [{ path: '', from: null, to: 'there' }] });
  const names = (of: readonly Document[]): string[] => of.map(nameOf);
  if (installed !== null && steps.length === 0 && !says(names(present), names(installed.steps)) && !says(names(present), names(wanted))) {
    steps.push({ step: 'the order of the steps', differences: [{ path: '', from: names(present).join(', '), to: names(wanted).join(', ') }] });
  }
  return { kept, steps: steps.filter((each) => each.differences.length > 0) };
}

/** What of a step would not be there any more, also what somebody added that the new one does not say. What Octopus itself adds was there from the beginning. */
function lost(step: Document, base: Document | undefined, next: Document, isSecret: IsSecret): Difference[] {
  const [now, after] = [withoutParameters(step), withoutParameters(next)];
  const replaced = differences(now, after, isSecret);
  const changed = new Set(base === undefined ? [] : differences(withoutParameters(base), now).map((each) => each.path));
  const added = differences(after, now, isSecret).filter((each) => changed.has(each.path) && !replaced.some((other) => other.path === each.path));
  return [...replaced, ...added.map(({ path, from, to }): Difference => ({ path, from: to, to: from }))];
}

/** Parameters whose value is another one than was installed, then or now, as far as the step still has them. */
function givenIn(step: Document, base: Document, next: Document | undefined, keptBefore: readonly string[]): Document {
  const [now, before, known] = [propertiesOf(step), propertiesOf(base), next === undefined ? {} : propertiesOf(next)];
  const isGiven = (name: string): boolean => Object.hasOwn(before, name) && !same(now[name] ?? '', known[name]) && (!same(now[name] ?? '', before[name]) || keptBefore.includes(keptName(nameOf(step), name)));
  return Object.fromEntries(Object.keys(known).filter((name) => isParameter(name) && isGiven(name)).map((name) => [name, now[name] ?? '']));
}

/** How a parameter of a step is named to people, and in the notes of a snapshot. */
const keptName = (step: string, parameter: string): string => `${step} / ${parameter}`;
export const keptNames = (kept: KeptParameters): string[] => [...kept].flatMap(([step, given]) => Object.keys(given).map((name) => keptName(step, name)));

const isParameter = (name: string): boolean => name.startsWith(PARAMETER_PREFIX);
const nameOf = (step: Document): string => (typeof step['Name'] === 'string' ? step['Name'] : '');
const find = (steps: readonly Document[], like: Document): Document | undefined => steps.find((each) => nameOf(each) === nameOf(like));
const same = (a: unknown, b: unknown): boolean => says(a, b) && says(b, a);

function actionsOf(step: Document): Document[] {
  return Array.isArray(step['Actions']) ? (step['Actions'] as Document[]) : [];
}

function propertiesOf(step: Document): Document {
  const properties = actionsOf(step)[0]?.['Properties'];
  return typeof properties === 'object' && properties !== null ? (properties as Document) : {};
}

/** Without what Octopus gives: ids, links and the like are no edit of anybody. */
function plain(value: unknown): Document {
  const strip = (of: unknown): unknown => {
    if (Array.isArray(of)) return of.map(strip);
    if (typeof of !== 'object' || of === null) return of;
    return Object.fromEntries(Object.entries(of).filter(([name]) => name !== 'Id' && name !== 'Slug' && name !== 'Links').map(([name, each]) => [name, strip(each)]));
  };
  return strip(value) as Document;
}

function withoutParameters(step: Document): Document {
  const whole = plain(step);
  return { ...whole, Actions: actionsOf(whole).map((action) => ({ ...action, Properties: Object.fromEntries(Object.entries((action['Properties'] ?? {}) as Document).filter(([name]) => !isParameter(name))) })) };
}

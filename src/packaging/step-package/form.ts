import type { InputProperty, InputSchema } from '../input-schema.ts';
import { labelOf, optionLabel } from '../labels.ts';
import type { FormContent, InputPath, StepUI } from './step-ui.ts';

export interface FormSection { title: string; inputs: string[] }

/** What every phase asks for, below what is its own: Octopus fills it in by itself when the variables that install makes are there. */
const COMMON: FormSection[] = [
  { title: 'Octopus Server', inputs: ['ServerUrl', 'ApiKey', 'OctopusServer', 'RestartCommand'] },
  { title: 'Rotation', inputs: ['RotationId', 'PlanHash', 'OldThumbprint', 'NewThumbprint', 'Secret', 'StateFolder'] },
  { title: 'This run', inputs: ['TaskId', 'SpaceId', 'ProjectName', 'RunbookName', 'EnvironmentName', 'SnapshotName'] },
];

/**
 * The form of a phase. `own` are its sections, first in the form; an input that no section names stands in one more, so that none can be
 * forgotten. `bindings` are the expressions by which the runbook fills the inputs, `values` what its settings begin with.
 *
 * Written so that TypeScript 4.4 takes it with the library of ES2015: the official builder compiles it too.
 */
export function stepForm(schema: InputSchema, start: { bindings: Record<string, string>; values: Record<string, string> }, own: FormSection[] = []): StepUI {
  const names = Object.keys(schema.properties);
  const named = own.concat(COMMON).reduce((all: string[], section) => all.concat(section.inputs), []);
  const rest = names.filter((name) => named.indexOf(name) < 0);
  const sections = own.concat(rest.length > 0 ? [{ title: 'Settings', inputs: rest }] : [], COMMON);
  return {
    createInitialInputs() {
      const initial: Record<string, string | number | boolean> = {};
      names.forEach((name) => {
        const value = initialValue(schema.properties[name]!, start.bindings[name], start.values[name]);
        if (value !== undefined) initial[name] = value;
      });
      return initial;
    },
    editInputsForm(inputs) {
      return sections
        .map(({ title, inputs: members }): FormContent => ({
          type: 'section',
          title,
          content: members.filter((name) => names.indexOf(name) >= 0).map((name) => control(name, schema, inputs[name]!, start.bindings[name])),
        }))
        .filter((section) => section.type === 'section' && section.content.length > 0);
    },
  };
}

/** A text begins with its expression; what a form shows as a number, a checkbox or a choice needs a value. A secret has none that a package may hold. */
function initialValue(property: InputProperty, binding: string | undefined, value: string | undefined): string | number | boolean | undefined {
  if (property.isSensitiveValue === true) return undefined;
  if (property.type === 'number') return value === undefined ? property.minimum : Number(value);
  if (property.type === 'boolean') return value === 'True';
  if (property.enum !== undefined) return value !== undefined ? value : binding !== undefined && property.enum.indexOf(binding) >= 0 ? binding : property.enum[0];
  return binding !== undefined && /^#\{[^{}]*\}$/.test(binding) ? binding : undefined;
}

function control(name: string, schema: InputSchema, path: InputPath, binding: string | undefined): FormContent {
  const property = schema.properties[name]!;
  const label = labelOf(name);
  const about = property.description || '';
  if (property.isSensitiveValue === true) return { type: 'sensitive', input: path, label, helpText: binding === undefined ? about : `${about} Bind it to ${binding}.` };
  if (property.type === 'number') return { type: 'number', input: path, label, helpText: about };
  if (property.type === 'boolean') return { type: 'checkbox', input: path, label, helpText: about };
  if (property.enum !== undefined) return { type: 'radio-buttons', input: path, label, helpText: about, options: property.enum.map((option) => ({ label: optionLabel(option), newValueWhenSelected: option })) };
  const isOptional = (schema.required || []).indexOf(name) < 0;
  const input = isOptional ? path.convertTo({ toNewType: (value) => value || '', toOriginalType: (value) => (value === '' ? undefined : value) }) : path;
  return { type: 'text', input, label, helpText: isOptional ? `${about} May be empty.` : about };
}

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { InputSchema } from '../../src/packaging/input-schema.ts';
import { stepTemplate, type StepMetadata } from '../../src/packaging/step-template.ts';

const read = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
const phases = readdirSync('steps').filter((name) => !name.endsWith('.ts'));
const templates = phases.map((phase) => stepTemplate(phase, read<StepMetadata>(`steps/${phase}/metadata.json`), read<InputSchema>(`schemas/inputs/${phase}.schema.json`), { [`${phase}.js`]: 'a'.repeat(64) }));
const plan = templates[phases.indexOf('plan-server-certificate')]!;

describe('the step templates', () => {
  it('have ids, names and parameter ids of their own', () => {
    const ids = templates.flatMap((each) => [each.Id, each.Packages[0].Id, ...each.Parameters.map((parameter) => parameter.Id)]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(templates.map((each) => each.Name)).size).toBe(phases.length);
  });

  it('show secrets as sensitive, choices as lists, the rest as text', () => {
    const control = (name: string) => plan.Parameters.find((each) => each.Name === `OctopusRotation.${name}`)?.DisplaySettings;
    expect(control('ApiKey')).toEqual({ 'Octopus.ControlType': 'Sensitive' });
    expect(control('OfflineMachines')).toEqual({ 'Octopus.ControlType': 'Select', 'Octopus.SelectOptions': 'refuse|Refuse\nleave-behind|Leave behind' });
    expect(control('StateFolder')).toEqual({ 'Octopus.ControlType': 'SingleLineText' });
  });

  it('have a label and a help text for every parameter', () => {
    expect(plan.Parameters.find((each) => each.Name === 'OctopusRotation.ServerUrl')?.Label).toBe('Server URL');
    for (const parameter of templates.flatMap((each) => each.Parameters)) expect([parameter.Name, parameter.Label, parameter.HelpText]).not.toContain('');
  });

  it('D13: hold nothing that Octopus would expand, and no parameter is named like a variable of the project', () => {
    expect(JSON.stringify(templates)).not.toContain('#{');
    for (const parameter of templates.flatMap((each) => each.Parameters)) expect(parameter.Name).not.toMatch(/^Rotation\./);
  });

  it('take the package from the built-in feed, extracted', () => {
    for (const { Packages } of templates) expect(Packages).toEqual([expect.objectContaining({ Name: 'octopus-rotation', PackageId: 'octopus-rotation', FeedId: 'feeds-builtin', Properties: { Extract: 'True', SelectionMode: 'immediate' } })]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attribute, block, type OclElement } from '../../src/install/ocl/document.ts';
import { slug } from '../../src/install/ocl/runbook.ts';
import { writeOcl } from '../../src/install/ocl/write.ts';
import { processSteps } from '../../src/install/process.ts';
import { runbookBody } from '../../src/install/runbooks/body.ts';
import { RUNBOOKS } from '../../src/install/runbooks/index.ts';
import { installedForm, type LibraryTemplate } from '../../src/packaging/library-form.ts';
import type { StepTemplate } from '../../src/packaging/step-template.ts';
import { parseOcl, type Block } from './ocl-parser.ts';

const installed = new Map(readdirSync('dist/step-templates').map((name) => {
  const template = installedForm(JSON.parse(readFileSync(`dist/step-templates/${name}`, 'utf8')) as LibraryTemplate);
  return [name.slice(0, -'.json'.length), { id: 'ActionTemplates-1', version: template.Version, template }] as const;
}));
const named = (block: Block, name: string): Block[] => block.blocks.filter((each) => each.name === name);

describe('the runbooks as configuration as code', () => {
  it('are one file each, named by the slug of the runbook, and nothing else', () => {
    expect(readdirSync('dist/runbooks').sort()).toEqual(RUNBOOKS.map((each) => `${slug(each.name)}.ocl`).sort());
  });

  it.each(RUNBOOKS.map((each) => [each.name, each] as const))('"%s" reads back as what install sends, but for the link to the templates', (_, definition) => {
    const document = parseOcl(readFileSync(`dist/runbooks/${slug(definition.name)}.ocl`, 'utf8'));
    const body = runbookBody(definition, 'Environments-1');
    expect(document.attributes).toEqual({ name: body['Name'], description: body['Description'], default_guided_failure_mode: body['DefaultGuidedFailureMode'], multi_tenancy_mode: body['MultiTenancyMode'] });
    expect(named(document, 'connectivity_policy')[0]!.attributes).toEqual({ allow_deployments_to_no_targets: false, exclude_unhealthy_targets: false, skip_machine_behavior: 'None', target_roles: [] });
    expect(named(document, 'run_retention_policy')[0]!.attributes).toEqual({ type: 'Count', quantity_to_keep: 1_000 });
    expect(document.blocks.map((each) => each.name)).toEqual(['connectivity_policy', 'run_retention_policy', 'process']);

    const read = named(named(document, 'process')[0]!, 'step').map((step) => {
      const [action, ...others] = step.blocks;
      expect([others, step.labels]).toEqual([[], [slug(step.attributes['name'] as string)]]);
      return {
        Name: step.attributes['name'], Condition: step.attributes['condition'] ?? 'Success', StartTrigger: step.attributes['start_trigger'] ?? 'StartAfterPrevious', PackageRequirement: step.attributes['package_requirement'] ?? 'LetOctopusDecide',
        Properties: step.attributes['properties'],
        Actions: [{
          Name: step.attributes['name'], ActionType: action!.attributes['action_type'], Properties: action!.attributes['properties'],
          Packages: named(action!, 'packages').map(({ labels, attributes }) => ({ Name: labels[0], AcquisitionLocation: attributes['acquisition_location'], FeedId: attributes['feed'] === 'octopus-server-built-in' ? 'feeds-builtin' : attributes['feed'], PackageId: attributes['package_id'], Properties: attributes['properties'] })),
        }],
      };
    });
    const sent = processSteps(definition, installed).map((step) => {
      const [action] = step['Actions'] as [{ Name: string; ActionType: string; Properties: Record<string, string>; Packages: StepTemplate['Packages'] }];
      const { 'Octopus.Action.Template.Id': id, 'Octopus.Action.Template.Version': version, ...Properties } = action.Properties;
      expect([id, version]).toEqual(['ActionTemplates-1', expect.any(String)]);
      return { ...step, Actions: [{ Name: action.Name, ActionType: action.ActionType, Properties, Packages: action.Packages.map(({ Id: _, ...rest }) => rest) }] };
    });
    expect(read).toEqual(sent);
    expect(new Set(named(named(document, 'process')[0]!, 'step').map((step) => step.labels[0])).size).toBe(definition.steps.length);
  });

  it('are laid out as Octopus does it: four blanks, names of properties in order, scripts as indented heredocs', () => {
    const text = readFileSync('dist/runbooks/rotate-server-certificate.ocl', 'utf8');
    expect(text).toMatch(/^name = "Rotate server certificate"\ndescription = "/);
    expect(text).toContain('\n    step "plan-server-certificate" {\n        name = "Plan server certificate"\n        properties = {\n            Octopus.Action.TargetRoles = "octopus-rotation-host"\n        }\n\n        action {\n            action_type = "Octopus.Script"\n            properties = {\n');
    expect(text).toContain('Octopus.Action.Script.ScriptBody = <<-EOT\n                    set -euo pipefail\n');
    for (const [, map] of text.matchAll(/^ +properties = \{\n([\s\S]*?)^ +\}$/gm)) {
      const names = [...map!.replace(/<<-EOT[\s\S]*?\n +EOT$/gm, '').matchAll(/^ +([\w.]+) = /gm)].map((each) => each[1]!);
      expect(names).toEqual([...names].sort());
    }
  });
});

describe('writing OCL', () => {
  const texts = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('a', ' ', '\n', '\t', '\\', '"', '#{', 'EOT', '\r', '<<-EOT', '}') }));
  const names = fc.stringMatching(/^[a-z_][a-z0-9_]{0,6}$/);
  const keys = fc.stringMatching(/^[A-Za-z][A-Za-z.]{0,8}$/);
  const element: fc.Arbitrary<OclElement> = fc.letrec<{ element: OclElement }>((tie) => ({
    element: fc.oneof({ maxDepth: 3 },
      fc.tuple(names, fc.oneof(texts, fc.integer(), fc.boolean(), fc.array(texts, { maxLength: 3 }), fc.dictionary(keys, texts, { maxKeys: 4, noNullPrototype: true }))).map(([name, value]) => attribute(name, value)),
      fc.tuple(names, fc.array(texts, { maxLength: 2 }), fc.uniqueArray(tie('element'), { maxLength: 4, selector: (each) => each.name })).map(([name, labels, body]) => block(name, labels, body))),
  })).element;

  const asRead = (name: string, labels: readonly string[], body: readonly OclElement[]): Block => ({
    name, labels: [...labels],
    attributes: Object.fromEntries(body.flatMap((each) => (each.kind === 'attribute' ? [[each.name, each.value as never]] : []))),
    blocks: body.flatMap((each) => (each.kind === 'block' ? [asRead(each.name, each.labels, each.body)] : [])),
  });

  it('reads back as it was, whatever the texts', () => {
    fc.assert(fc.property(fc.uniqueArray(element, { maxLength: 5, selector: (each) => each.name }), (document) => {
      expect(parseOcl(writeOcl(document))).toEqual(asRead('', [], document));
    }), { numRuns: 500 });
  });
});

import type { Document } from '../../octopus/reader.ts';
import type { StepTemplate } from '../../packaging/step-template.ts';
import { processSteps } from '../process.ts';
import { runbookBody } from '../runbooks/body.ts';
import type { RunbookDefinition } from '../runbooks/definition.ts';
import { RUNBOOKS } from '../runbooks/index.ts';
import { attribute, block, type OclElement } from './document.ts';
import { writeOcl } from './write.ts';

/** The built-in feed, as configuration as code names it. */
const BUILT_IN_FEED = 'octopus-server-built-in';
/** How OCL says that all runs are kept is not documented; this is a number that nobody reaches by hand. */
const RUNS_KEPT = 1_000;
const DEFAULTS: Record<string, string> = { Condition: 'Success', StartTrigger: 'StartAfterPrevious', PackageRequirement: 'LetOctopusDecide' };

/** Every runbook as configuration as code, by file name: `.octopus/runbooks/<slug>.ocl` of a version-controlled project. */
export function runbooksAsCode(templates: ReadonlyMap<string, StepTemplate>): Map<string, string> {
  return new Map(RUNBOOKS.map((definition) => [`${slug(definition.name)}.ocl`, writeOcl(runbookAsCode(definition, templates))]));
}

/**
 * A runbook as Octopus keeps it in Git: what `install` would send, in the form of the OCL schema 10. Its steps hold their scripts and do not
 * refer to step templates, whose ids every space gives anew; it runs in every environment, since the one of the host is not known here.
 */
export function runbookAsCode(definition: RunbookDefinition, templates: ReadonlyMap<string, StepTemplate>): OclElement[] {
  const installed = new Map([...templates].map(([phase, template]) => [phase, { id: '', version: template.Version, template }]));
  const { Name, Description, DefaultGuidedFailureMode, MultiTenancyMode, ConnectivityPolicy } = runbookBody(definition, '');
  const policy = ConnectivityPolicy as { AllowDeploymentsToNoTargets: boolean; ExcludeUnhealthyTargets: boolean; SkipMachineBehavior: string; TargetRoles: string[] };
  return [
    attribute('name', Name as string),
    attribute('description', Description as string),
    attribute('default_guided_failure_mode', DefaultGuidedFailureMode as string),
    attribute('multi_tenancy_mode', MultiTenancyMode as string),
    block('connectivity_policy', [], [
      attribute('allow_deployments_to_no_targets', policy.AllowDeploymentsToNoTargets),
      attribute('exclude_unhealthy_targets', policy.ExcludeUnhealthyTargets),
      attribute('skip_machine_behavior', policy.SkipMachineBehavior),
      attribute('target_roles', policy.TargetRoles),
    ]),
    block('run_retention_policy', [], [attribute('type', 'Count'), attribute('quantity_to_keep', RUNS_KEPT)]),
    block('process', [], processSteps(definition, installed).map(stepAsCode)),
  ];
}

function stepAsCode(step: Document): OclElement {
  const name = step['Name'] as string;
  const [action] = step['Actions'] as [Document];
  return block('step', [slug(name)], [
    attribute('name', name),
    ...(['PackageRequirement', 'Condition', 'StartTrigger'] as const).filter((key) => step[key] !== DEFAULTS[key]).map((key) => attribute(snake(key), step[key] as string)),
    attribute('properties', step['Properties'] as Record<string, string>),
    block('action', [], [
      attribute('action_type', action['ActionType'] as string),
      attribute('properties', withoutTemplate(action['Properties'] as Record<string, string>)),
      ...(action['Packages'] as StepTemplate['Packages'][0][]).map((each) => block('packages', [each.Name], [
        attribute('acquisition_location', each.AcquisitionLocation),
        attribute('feed', each.FeedId === 'feeds-builtin' ? BUILT_IN_FEED : each.FeedId),
        attribute('package_id', each.PackageId),
        attribute('properties', each.Properties),
      ])),
    ]),
  ]);
}

function withoutTemplate(properties: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !name.startsWith('Octopus.Action.Template.')));
}

/** `Rotate server certificate` -> `rotate-server-certificate`. */
export const slug = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 50);

const snake = (name: string): string => name.replace(/(?!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();

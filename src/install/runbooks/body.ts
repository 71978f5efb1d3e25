import type { Document } from '../../octopus/reader.ts';
import { OWNER_MARK } from '../../packaging/step-template.ts';
import type { RunbookDefinition } from './definition.ts';

/**
 * Guided failure is off: a run that waits for a person would hold the lease. It runs in one environment, since its host is in that one. Its runs are kept
 * for ever: their artifacts are the evidence, and scheduled runs that find nothing due would push them out.
 */
export function runbookBody(definition: RunbookDefinition, environmentId: string): Document {
  return {
    Name: definition.name,
    Description: `${definition.description} ${OWNER_MARK}`,
    EnvironmentScope: 'Specified',
    Environments: [environmentId],
    MultiTenancyMode: 'Untenanted',
    DefaultGuidedFailureMode: 'Off',
    ConnectivityPolicy: { AllowDeploymentsToNoTargets: false, ExcludeUnhealthyTargets: false, SkipMachineBehavior: 'None', TargetRoles: [] },
    RunRetentionPolicy: { QuantityToKeep: 0, ShouldKeepForever: true },
    ForcePackageDownload: false,
  };
}

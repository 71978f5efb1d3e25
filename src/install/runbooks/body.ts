import type { Document } from '../../octopus/reader.ts';
import { OWNER_MARK } from '../../packaging/step-template.ts';
import type { RunbookDefinition } from './definition.ts';

/** Guided failure is off: a run that waits for a person would hold the lease. It runs in one environment, since its host is in that one. */
export function runbookBody(definition: RunbookDefinition, environmentId: string): Document {
  return {
    Name: definition.name,
    Description: `${definition.description} ${OWNER_MARK}`,
    EnvironmentScope: 'Specified',
    Environments: [environmentId],
    MultiTenancyMode: 'Untenanted',
    DefaultGuidedFailureMode: 'Off',
    ConnectivityPolicy: { AllowDeploymentsToNoTargets: false, ExcludeUnhealthyTargets: false, SkipMachineBehavior: 'None', TargetRoles: [] },
    RunRetentionPolicy: { QuantityToKeep: 100, ShouldKeepForever: false },
    ForcePackageDownload: false,
  };
}

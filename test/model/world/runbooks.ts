import type { Phase } from '../../../src/phases/context.ts';
import { phase as abandon } from '../../../src/phases/abandon-server-certificate.ts';
import { phase as backUp } from '../../../src/phases/back-up-server-certificate.ts';
import { phase as checkHealth } from '../../../src/phases/check-health.ts';
import { phase as generate } from '../../../src/phases/generate-server-certificate.ts';
import { phase as plan } from '../../../src/phases/plan-server-certificate.ts';
import { phase as prepare } from '../../../src/phases/prepare-server-nodes.ts';
import { phase as prove } from '../../../src/phases/prove-server-certificate-trust.ts';
import { phase as replace } from '../../../src/phases/replace-server-certificate.ts';
import { phase as report } from '../../../src/phases/report-rotation.ts';
import { phase as retire } from '../../../src/phases/retire-server-certificate.ts';
import { phase as rollBack } from '../../../src/phases/roll-back-server-certificate.ts';
import { phase as trust } from '../../../src/phases/trust-server-certificate.ts';
import { phase as verify } from '../../../src/phases/verify-server-certificate.ts';
import { ABANDON_RUNBOOK_NAME, ROLL_BACK_RUNBOOK_NAME, RUNBOOK_NAME } from '../../../src/install/names.ts';

import { SHARE } from './host.ts';

export { ABANDON_RUNBOOK_NAME, ROLL_BACK_RUNBOOK_NAME, RUNBOOK_NAME };
export type RunbookName = typeof RUNBOOK_NAME | typeof ABANDON_RUNBOOK_NAME | typeof ROLL_BACK_RUNBOOK_NAME;

type Values = Record<string, string>;
/** What an administrator may set anew at any time. */
export interface Setting { graceHours: number }

export interface Step {
  phase: Phase<never>;
  inputs(outputs: Values, variables: Values, setting: Setting): object;
  /** Runs on the machine of every server node. */
  onEachNode?: boolean;
}

const step = (phase: Phase<never>, inputs: Step['inputs'] = () => ({})): Step => ({ phase, inputs });

const planned = ({ RotationId, PlanHash, OldThumbprint }: Values) => ({ RotationId, PlanHash, OldThumbprint });
const generated = (outputs: Values) => ({ ...planned(outputs), NewThumbprint: outputs['NewThumbprint'] });
const found = ({ RotationId }: Values) => (RotationId === undefined ? {} : { RotationId });

/** What an administrator has set. */
const SETTINGS = { OfflineMachines: 'refuse', EnableDisabled: false, PollingRoute: 'twin', WaveBy: 'size', WaveSize: 50, Canaries: 1, AtOnce: 10, StopAfterFailures: 10, GraceHours: 0, MaximumAgeDays: 36_500, ExpiresWithinDays: 1, DrainLimitMinutes: 5, RestartWatchSeconds: 30 };

const PREPARE: Step = { ...step(prepare, (outputs) => ({ ...planned(outputs), SharedFolder: SHARE })), onEachNode: true };

const ONE_NODE: Record<RunbookName, readonly Step[]> = {
  [RUNBOOK_NAME]: [
    step(plan, (_outputs, variables) => ({ ...SETTINGS, ...(variables['Rotation.Force'] ? { Force: variables['Rotation.Force'] } : {}), ...(variables['Rotation.OfflineMachines'] ? { OfflineMachines: variables['Rotation.OfflineMachines'] } : {}) })),
    step(backUp, planned),
    step(generate, (outputs) => ({ ...planned(outputs), CertificateMaker: 'octopus-server', KeyBits: '2048', LifetimeYears: 100 })),
    step(trust, generated),
    step(prove, generated),
    step(replace, generated),
    step(checkHealth, (outputs) => ({ ...generated(outputs), After: 'swap' })),
    step(retire, (outputs, _variables, { graceHours }) => ({ ...generated(outputs), GraceHours: graceHours })),
    step(checkHealth, (outputs) => ({ ...generated(outputs), After: 'retire' })),
    step(verify, generated),
    step(report, found),
  ],
  [ABANDON_RUNBOOK_NAME]: [step(abandon), step(report, found)],
  [ROLL_BACK_RUNBOOK_NAME]: [step(rollBack, () => ({ OfflineMachines: 'refuse' })), step(report, found)],
};

/** With one node, preparing the nodes ends at once, and is left out. */
const SEVERAL_NODES: Record<RunbookName, readonly Step[]> = { ...ONE_NODE, [RUNBOOK_NAME]: ONE_NODE[RUNBOOK_NAME].toSpliced(1, 0, PREPARE) };

/** The steps of src/install/runbooks with what they are told. The last one always runs; each other one while nothing failed and its predecessor said Continue. */
export function runbooks(nodes: number): Record<RunbookName, readonly Step[]> {
  return nodes > 1 ? SEVERAL_NODES : ONE_NODE;
}

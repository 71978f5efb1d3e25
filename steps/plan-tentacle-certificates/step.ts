import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/plan-tentacle-certificates.ts';
import schema from '../../schemas/inputs/plan-tentacle-certificates.schema.json';

void runStep(phase, schema);

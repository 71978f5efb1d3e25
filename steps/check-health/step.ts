import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/check-health.ts';
import schema from '../../schemas/inputs/check-health.schema.json';

void runStep(phase, schema);

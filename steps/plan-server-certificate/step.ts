import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/plan-server-certificate.ts';
import schema from '../../schemas/inputs/plan-server-certificate.schema.json';

void runStep(phase, schema);

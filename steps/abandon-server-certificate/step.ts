import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/abandon-server-certificate.ts';
import schema from '../../schemas/inputs/abandon-server-certificate.schema.json';

void runStep(phase, schema);

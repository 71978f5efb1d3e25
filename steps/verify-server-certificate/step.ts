import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/verify-server-certificate.ts';
import schema from '../../schemas/inputs/verify-server-certificate.schema.json';

void runStep(phase, schema);

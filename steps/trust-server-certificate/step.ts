import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/trust-server-certificate.ts';
import schema from '../../schemas/inputs/trust-server-certificate.schema.json';

void runStep(phase, schema);

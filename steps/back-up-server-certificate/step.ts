import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/back-up-server-certificate.ts';
import schema from '../../schemas/inputs/back-up-server-certificate.schema.json';

void runStep(phase, schema);

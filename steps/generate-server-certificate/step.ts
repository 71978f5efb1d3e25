import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/generate-server-certificate.ts';
import schema from '../../schemas/inputs/generate-server-certificate.schema.json';

void runStep(phase, schema);

import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/retire-server-certificate.ts';
import schema from '../../schemas/inputs/retire-server-certificate.schema.json';

void runStep(phase, schema);

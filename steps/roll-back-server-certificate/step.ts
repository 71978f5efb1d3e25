import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/roll-back-server-certificate.ts';
import schema from '../../schemas/inputs/roll-back-server-certificate.schema.json';

void runStep(phase, schema);

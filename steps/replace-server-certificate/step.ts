import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/replace-server-certificate.ts';
import schema from '../../schemas/inputs/replace-server-certificate.schema.json';

void runStep(phase, schema);

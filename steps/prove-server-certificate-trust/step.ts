import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/prove-server-certificate-trust.ts';
import schema from '../../schemas/inputs/prove-server-certificate-trust.schema.json';

void runStep(phase, schema);

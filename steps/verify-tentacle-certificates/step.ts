import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/verify-tentacle-certificates.ts';
import schema from '../../schemas/inputs/verify-tentacle-certificates.schema.json';

void runStep(phase, schema);

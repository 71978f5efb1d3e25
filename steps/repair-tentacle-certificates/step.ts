import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/repair-tentacle-certificates.ts';
import schema from '../../schemas/inputs/repair-tentacle-certificates.schema.json';

void runStep(phase, schema);

import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/regenerate-tentacle-certificates.ts';
import schema from '../../schemas/inputs/regenerate-tentacle-certificates.schema.json';

void runStep(phase, schema);

import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/prepare-server-nodes.ts';
import schema from '../../schemas/inputs/prepare-server-nodes.schema.json';

void runStep(phase, schema);

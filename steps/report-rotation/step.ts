import { runStep } from '../../src/runners/runbook-step.ts';
import { phase } from '../../src/phases/report-rotation.ts';
import schema from '../../schemas/inputs/report-rotation.schema.json';

void runStep(phase, schema);

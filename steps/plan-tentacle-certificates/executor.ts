import schema from '../../schemas/inputs/plan-tentacle-certificates.schema.json';
import { phase } from '../../src/phases/plan-tentacle-certificates.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

import schema from '../../schemas/inputs/check-health.schema.json';
import { phase } from '../../src/phases/check-health.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

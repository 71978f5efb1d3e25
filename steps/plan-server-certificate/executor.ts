import schema from '../../schemas/inputs/plan-server-certificate.schema.json';
import { phase } from '../../src/phases/plan-server-certificate.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

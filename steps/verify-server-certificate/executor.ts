import schema from '../../schemas/inputs/verify-server-certificate.schema.json';
import { phase } from '../../src/phases/verify-server-certificate.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

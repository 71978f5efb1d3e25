import schema from '../../schemas/inputs/trust-server-certificate.schema.json';
import { phase } from '../../src/phases/trust-server-certificate.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

import schema from '../../schemas/inputs/prove-server-certificate-trust.schema.json';
import { phase } from '../../src/phases/prove-server-certificate-trust.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

import schema from '../../schemas/inputs/back-up-server-certificate.schema.json';
import { phase } from '../../src/phases/back-up-server-certificate.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

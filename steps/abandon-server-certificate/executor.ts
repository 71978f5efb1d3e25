import schema from '../../schemas/inputs/abandon-server-certificate.schema.json';
import { phase } from '../../src/phases/abandon-server-certificate.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

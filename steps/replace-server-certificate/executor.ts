import schema from '../../schemas/inputs/replace-server-certificate.schema.json';
import { phase } from '../../src/phases/replace-server-certificate.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

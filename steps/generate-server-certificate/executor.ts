import schema from '../../schemas/inputs/generate-server-certificate.schema.json';
import { phase } from '../../src/phases/generate-server-certificate.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

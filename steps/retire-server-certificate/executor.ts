import schema from '../../schemas/inputs/retire-server-certificate.schema.json';
import { phase } from '../../src/phases/retire-server-certificate.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

import schema from '../../schemas/inputs/roll-back-server-certificate.schema.json';
import { phase } from '../../src/phases/roll-back-server-certificate.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

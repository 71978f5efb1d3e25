import schema from '../../schemas/inputs/verify-tentacle-certificates.schema.json';
import { phase } from '../../src/phases/verify-tentacle-certificates.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

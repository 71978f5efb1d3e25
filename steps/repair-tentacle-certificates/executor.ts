import schema from '../../schemas/inputs/repair-tentacle-certificates.schema.json';
import { phase } from '../../src/phases/repair-tentacle-certificates.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

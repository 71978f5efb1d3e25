import schema from '../../schemas/inputs/regenerate-tentacle-certificates.schema.json';
import { phase } from '../../src/phases/regenerate-tentacle-certificates.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

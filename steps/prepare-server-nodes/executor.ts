import schema from '../../schemas/inputs/prepare-server-nodes.schema.json';
import { phase } from '../../src/phases/prepare-server-nodes.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

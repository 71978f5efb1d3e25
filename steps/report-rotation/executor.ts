import schema from '../../schemas/inputs/report-rotation.schema.json';
import { phase } from '../../src/phases/report-rotation.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);

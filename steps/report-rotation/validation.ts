import schema from '../../schemas/inputs/report-rotation.schema.json';
import { validationOf } from '../../src/packaging/step-package/validation.ts';

export default validationOf(schema);

import schema from '../../schemas/inputs/check-health.schema.json';
import { validationOf } from '../../src/packaging/step-package/validation.ts';

export default validationOf(schema);

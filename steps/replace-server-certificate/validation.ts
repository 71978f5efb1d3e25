import schema from '../../schemas/inputs/replace-server-certificate.schema.json';
import { validationOf } from '../../src/packaging/step-package/validation.ts';

export default validationOf(schema);

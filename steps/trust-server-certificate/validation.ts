import schema from '../../schemas/inputs/trust-server-certificate.schema.json';
import { validationOf } from '../../src/packaging/step-package/validation.ts';

export default validationOf(schema);

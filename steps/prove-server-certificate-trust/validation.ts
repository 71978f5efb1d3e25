import schema from '../../schemas/inputs/prove-server-certificate-trust.schema.json';
import { validationOf } from '../../src/packaging/step-package/validation.ts';

export default validationOf(schema);

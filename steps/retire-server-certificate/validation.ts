import schema from '../../schemas/inputs/retire-server-certificate.schema.json';
import { validationOf } from '../../src/packaging/step-package/validation.ts';

export default validationOf(schema);

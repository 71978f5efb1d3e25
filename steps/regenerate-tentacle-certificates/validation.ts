import schema from '../../schemas/inputs/regenerate-tentacle-certificates.schema.json';
import { validationOf } from '../../src/packaging/step-package/validation.ts';

export default validationOf(schema);

import schema from '../../schemas/inputs/prepare-server-nodes.schema.json';
import { validationOf } from '../../src/packaging/step-package/validation.ts';

export default validationOf(schema);

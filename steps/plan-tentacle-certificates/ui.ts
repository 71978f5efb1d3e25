import schema from '../../schemas/inputs/plan-tentacle-certificates.schema.json';
import { formStart } from '../../src/install/runbooks/form-start.ts';
import { stepForm } from '../../src/packaging/step-package/form.ts';

export default stepForm(schema, formStart('plan-tentacle-certificates'));

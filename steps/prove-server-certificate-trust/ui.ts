import schema from '../../schemas/inputs/prove-server-certificate-trust.schema.json';
import { formStart } from '../../src/install/runbooks/form-start.ts';
import { stepForm } from '../../src/packaging/step-package/form.ts';

export default stepForm(schema, formStart('prove-server-certificate-trust'));

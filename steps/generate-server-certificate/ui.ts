import schema from '../../schemas/inputs/generate-server-certificate.schema.json';
import { formStart } from '../../src/install/runbooks/form-start.ts';
import { stepForm } from '../../src/packaging/step-package/form.ts';

export default stepForm(schema, formStart('generate-server-certificate'), [{ title: 'The new certificate', inputs: ['CertificateMaker', 'KeyBits', 'LifetimeYears'] }]);

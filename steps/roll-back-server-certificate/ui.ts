import schema from '../../schemas/inputs/roll-back-server-certificate.schema.json';
import { formStart } from '../../src/install/runbooks/form-start.ts';
import { stepForm } from '../../src/packaging/step-package/form.ts';

export default stepForm(schema, formStart('roll-back-server-certificate'), [{ title: 'Machines that cannot be reached', inputs: ['OfflineMachines', 'Waivers'] }]);

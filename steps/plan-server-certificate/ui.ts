import schema from '../../schemas/inputs/plan-server-certificate.schema.json';
import { formStart } from '../../src/install/runbooks/form-start.ts';
import { stepForm } from '../../src/packaging/step-package/form.ts';

export default stepForm(schema, formStart('plan-server-certificate'), [
  { title: 'When a rotation is due', inputs: ['MaximumAgeDays', 'ExpiresWithinDays', 'Force'] },
  { title: 'Machines that cannot be reached', inputs: ['OfflineMachines', 'EnableDisabled', 'Waivers'] },
  { title: 'How machines are changed', inputs: ['PollingRoute', 'Canaries', 'WaveBy', 'WaveSize', 'AtOnce', 'StopAfterFailures', 'RestartWatchSeconds'] },
  { title: 'The swap', inputs: ['DrainLimitMinutes', 'GraceHours'] },
]);

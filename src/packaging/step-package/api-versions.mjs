// The set of the Step API that the packages are written for, as the public template pins it (step-packages.md 2): the version of
// @octopusdeploy/step-api and of its five parts, in the order in which metadata.json names them.
export const API = '4.0.0';
export const PARTS = {
  UI: { name: '@octopusdeploy/step-ui', version: '5.0.0' },
  Migration: { name: '@octopusdeploy/step-migration-api', version: '4.0.0' },
  Validation: { name: '@octopusdeploy/step-validation-api', version: '3.0.0' },
  InputSchema: { name: '@octopusdeploy/step-inputs', version: '4.0.0' },
  Execution: { name: '@octopusdeploy/step-executor', version: '4.0.0' },
};

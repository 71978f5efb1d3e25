/** What the build writes out as text besides bundles; it is loaded by build.mjs. */
export { runbooksAsCode } from '../install/ocl/runbook.ts';
export { libraryForm } from './library-form.ts';
export { stepTemplate } from './step-template.ts';

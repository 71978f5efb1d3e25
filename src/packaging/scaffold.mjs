// The files of a step package that are the same for every phase but for its name: written when a phase lacks one, and never touched
// again, so that a phase may have more of its own there (`npm run schemas` does it).

/** Files of steps/<phase>/ by name. */
export const scaffold = (phase) => ({
  'executor.ts': `import schema from '../../schemas/inputs/${phase}.schema.json';
import { phase } from '../../src/phases/${phase}.ts';
import { stepExecutor } from '../../src/runners/step-package.ts';

export default stepExecutor(phase, schema, __dirname);
`,
  'validation.ts': `import schema from '../../schemas/inputs/${phase}.schema.json';
import { validationOf } from '../../src/packaging/step-package/validation.ts';

export default validationOf(schema);
`,
  'ui.ts': `import schema from '../../schemas/inputs/${phase}.schema.json';
import { formStart } from '../../src/install/runbooks/form-start.ts';
import { stepForm } from '../../src/packaging/step-package/form.ts';

export default stepForm(schema, formStart('${phase}'));
`,
  'logo.svg': logo('<path d="M60 100h80M100 60v80"/>'),
});

/** A white drawing on a blue square, 200 by 200. */
export function logo(drawing) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200" viewBox="0 0 200 200">
  <rect width="200" height="200" rx="24" fill="#0d5ea6"/>
  <g fill="none" stroke="#fff" stroke-width="12" stroke-linecap="round" stroke-linejoin="round">${drawing}</g>
</svg>
`;
}

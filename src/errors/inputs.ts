import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

/** Refusals about what a step was given. */
export const inputErrors = catalogue({
  INPUT_UNKNOWN: (values: { names: string[] }) => ({
    message: `The step was given inputs that it does not know: ${values.names.map((name) => printable(name)).join(', ')}.`,
    safe: 'Nothing was changed.',
    next: 'The step template and the package are of different versions: run octopus-rotation install again.',
  }),
  INPUT_MISSING: (values: { names: string[] }) => ({
    message: `Required inputs are empty: ${values.names.map((name) => printable(name)).join(', ')}.`,
    safe: 'Nothing was changed.',
    next: 'Set them in the step or in the variables of the project. If every input is empty, openssl is missing on this machine.',
    failureMode: 'D18',
  }),
  INPUT_INVALID: (values: { problems: string[] }) => ({
    message: `Inputs cannot be used: ${values.problems.map((one) => printable(one, 200)).join('; ')}.`,
    safe: 'Nothing was changed.',
    next: 'Correct them in the step or in the variables of the project, then run the runbook again.',
  }),
  INPUT_NOT_JSON: (values: { problem: string }) => ({
    message: `The step did not receive its inputs as base64 JSON on standard input: ${printable(values.problem)}.`,
    safe: 'Nothing was changed.',
    next: 'Run it as a step of the runbook; the step template feeds it.',
  }),
});

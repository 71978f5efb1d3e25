import type { Phase } from '../phases/context.ts';
import type { OctopusContext, StepExecutor } from './octopus-context.ts';
import { Redaction } from './redaction.ts';
import { escapeExpressions, logLines, type OutputVoice } from './service-messages.ts';
import { checkInputs } from './step-inputs.ts';
import { runAsStep } from './step-run.ts';

/**
 * The phase behind the Step API (step-packages.md 2.1): the same work as in a runbook of step templates, told through the context that
 * Octopus hands in. `programs` is the folder of the step package, which holds the relay's program too.
 */
export function stepExecutor<Inputs>(phase: Phase<Inputs>, schema: object, programs: string): StepExecutor {
  return async ({ inputs, context }) => {
    const failed = await runAsStep(phase, schema, async () => checkInputs<Inputs>(schema, asTexts(inputs)), {
      voice: contextVoice(context),
      programs,
      artifact: (path, name) => context.createArtifact(path, name),
    });
    if (failed !== null) throw withoutStack(new Error(failed));
  };
}

/**
 * As the step templates hand inputs over: every value a text, what is not given left out. An expression that Octopus could not evaluate
 * stays in its place (section 4); it is no value, so a required input is then missing.
 */
function asTexts(inputs: Record<string, unknown>): Record<string, string> {
  const given = Object.entries(inputs).filter(([, value]) => value !== undefined && value !== null && !(typeof value === 'string' && /^#\{[^{}]*\}$/.test(value)));
  return Object.fromEntries(given.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]));
}

/** A voice that speaks through the context. It has no level for errors: what is said of a failure stands out as a warning, and the step fails by throwing. */
function contextVoice(context: OctopusContext): OutputVoice {
  const redaction = new Redaction();
  const lines = (text: string): string[] => logLines(redaction.apply(text));
  const by = (print: (line: string) => void) => (text: string): void => lines(text).forEach(print);
  return {
    info: by((line) => context.print(line)),
    verbose: by((line) => context.printVerbose(line)),
    highlight: by((line) => context.printHighlight(line)),
    warn: by((line) => context.printWarning(line)),
    error: by((line) => context.printWarning(line)),
    progress: (percentage, text) => context.updateProgress(Math.max(0, Math.min(100, Math.round(percentage))), lines(text).join(' ')),
    secret: (value) => redaction.add(value),
    setVariable: (name, value) => context.setOctopusVariable(name, escapeExpressions(redaction.apply(value)), false),
  };
}

/** Whatever the bootstrapper prints of an error, there is nothing in its stack for people. */
function withoutStack(error: Error): Error {
  error.stack = error.message;
  return error;
}

import { SETTINGS } from '../settings.ts';
import { RUNBOOKS } from './index.ts';

/** What the runbook gives to a phase: the expressions, and the values of the settings that they name. A phase that no runbook has gets nothing. */
export function formStart(phase: string): { bindings: Record<string, string>; values: Record<string, string> } {
  const values: Record<string, string> = {};
  const settings: Record<string, { value: string }> = SETTINGS;
  Object.keys(settings).forEach((name) => {
    values[name] = settings[name]!.value;
  });
  const steps = RUNBOOKS.reduce((all: { phase: string; bindings: Record<string, string> }[], runbook) => all.concat(runbook.steps), []);
  const step = steps.filter((each) => each.phase === phase)[0];
  return { bindings: step === undefined ? {} : step.bindings, values };
}

import { UnexpectedFailure } from './failures.ts';

/** An option of a command: its names, whether it wants a value, and what it does. */
export interface Option {
  names: string[];
  takesValue: boolean;
  apply(value: string): void;
}

/** `flag('reset-trust', ...)`; several names are separated by `|`. */
export function flag(names: string, apply: () => void): Option {
  return { names: names.split('|'), takesValue: false, apply };
}

/** `valued('from-file|f', ...)`: an option with a value of its own. */
export function valued(names: string, apply: (value: string) => void): Option {
  return { names: names.split('|'), takesValue: true, apply };
}

const form = /^(--|-|\/)([^:=]+)(?:[:=]([\s\S]*))?$/;

/**
 * Applies the options found in `args` in their order: `--trust=X`, `--trust X`, `-trust X`, `/trust:X`, any case
 * (tentacle-trust.md section 2). An option that wants a value takes the next argument whatever it looks like.
 * @returns the arguments that no option recognised.
 * @throws UnexpectedFailure when the last option lacks its value.
 */
export function parseOptions(options: Option[], args: string[]): string[] {
  const unrecognised: string[] = [];
  let pending: { option: Option; spelled: string } | undefined;
  for (const arg of args) {
    if (pending) {
      pending.option.apply(arg);
      pending = undefined;
      continue;
    }
    const match = form.exec(arg);
    const name = match?.[2]?.toLowerCase();
    const option = options.find((candidate) => candidate.names.some((known) => known.toLowerCase() === name));
    if (!match || !option) unrecognised.push(arg);
    else if (!option.takesValue) option.apply(match[3] ?? '');
    else if (match[3] !== undefined) option.apply(match[3]);
    else pending = { option, spelled: `${match[1]}${match[2]}` };
  }
  if (pending) {
    throw new UnexpectedFailure(`Missing required value for option '${pending.spelled}'.`, 'Octopus.Tentacle.Internals.Options.OptionException');
  }
  return unrecognised;
}

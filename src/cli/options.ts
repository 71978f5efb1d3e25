import { parseArgs, type ParseArgsConfig } from 'node:util';
import { cliErrors } from '../errors/cli.ts';
import type { OidcLogin } from '../octopus/oidc.ts';
import type { Io } from './io.ts';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Options> = ReturnType<typeof parseArgs<{ options: T; allowPositionals: false; strict: true }>>['values'];

/** Reads the options of a command; an unknown one, a missing value or a stray word is CLI_BAD_OPTION. */
export function readOptions<const T extends Options>(command: string, args: string[], options: T): Parsed<T> {
  try {
    return parseArgs({ args, options, allowPositionals: false, strict: true }).values as Parsed<T>;
  } catch (error) {
    throw cliErrors.CLI_BAD_OPTION({ command, problem: (error as Error).message.split('\n')[0]!.replace(/\. To specify a positional.*$/, '.') });
  }
}

/** The value of an option that must be there. */
export function required(command: string, name: string, value: string | undefined): string {
  if (value === undefined || value === '') throw cliErrors.CLI_BAD_OPTION({ command, problem: `The option --${name} is missing.` });
  return value;
}

/** A secret out of the environment variable that an option names, so that it stands on no command line. */
export function secretFrom(io: Io, name: string, what: string): string {
  const value = io.environment[name];
  if (value === undefined || value === '') throw cliErrors.CLI_VARIABLE_MISSING({ name, what });
  return value;
}

export const OIDC_OPTIONS = { 'oidc-token-env': { type: 'string' }, 'service-account': { type: 'string' } } as const;

/** The token of an identity provider with the service account that it is for; both or none. */
export function oidcFrom(command: string, io: Io, tokenEnv: string | undefined, account: string | undefined): OidcLogin | undefined {
  if (tokenEnv === undefined && account === undefined) return undefined;
  return { subjectToken: secretFrom(io, required(command, 'oidc-token-env', tokenEnv), 'the token of the identity provider'), serviceAccountId: required(command, 'service-account', account) };
}

import type { LocalTentacle } from '../phases/context.ts';

/** What scripts on this machine are given again: where programs are, and what Tentacle says of itself. Never the whole environment, which holds a proxy password (step-packages.md 8.6). */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'TentacleExecutablePath', 'TentacleInstanceName', 'TentacleHome', 'TentacleVersion'];

export function scriptEnvironment(environment: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(PASSED_ON.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
}

/** The Tentacle that started us, or null. */
export function tentacleOf(environment: Record<string, string | undefined>): LocalTentacle | null {
  const { TentacleExecutablePath: executable, TentacleInstanceName: instance, TentacleHome: home } = environment;
  return executable && instance && home ? { executable, instance, home } : null;
}

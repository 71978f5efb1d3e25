/** A person at the machine may be asked for a password; a task may not. */
export type Sudo = 'sudo' | 'sudo -n';

/**
 * The text of a script made of `texts` (whose functions all begin with `or_`, the one called being `or_main`) that is told `values`,
 * each as a variable `or_<name>`. Runs as root, or through sudo where that is allowed.
 */
export function bashText(subject: string, values: Record<string, string>, texts: readonly string[], sudo: Sudo): string {
  const settings = Object.entries(values).map(([name, value]) => [`or_${name}`, value] as const);
  const names = settings.map(([name]) => name).join(' ');
  const shell = `bash -c "$(declare -p ${names}; declare -f $(compgen -A function or_)); or_main"`;
  const allowed = sudo === 'sudo' ? 'command -v sudo >/dev/null 2>&1' : 'sudo -n true >/dev/null 2>&1';
  return [
    `# Octopus Rotation: ${subject}.`,
    settings.map(([name, value]) => `${name}='${value}'`).join('\n'),
    ...texts.map((text) => text.trim()),
    // A shell of its own either way: the one that Calamari prepared keeps its options and its variables.
    `if test "$(id -u)" != 0 && ${allowed}; then
  ${sudo} env "PATH=$PATH" "TentacleExecutablePath=$TentacleExecutablePath" "TentacleInstanceName=$TentacleInstanceName" "TentacleHome=$TentacleHome" \\
    "OCTOPUS_CONTRIBUTE_ENV_SETTINGS=$OCTOPUS_CONTRIBUTE_ENV_SETTINGS" "TENTACLE_TRUSTED_SERVERS=$TENTACLE_TRUSTED_SERVERS" \\
    ${shell} </dev/null
else
  ${shell} </dev/null
fi`,
    '',
  ].join('\n\n');
}

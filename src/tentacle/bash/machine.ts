/** Bash: which Tentacle of which machine this is, and the folder in its home that is ours. */
export const MACHINE = String.raw`
or_say() { printf 'octopus-rotation: %s\n' "$1"; }

# Which Tentacle this is, however it was reached: this boot of this machine and the Tentacle's home. Two clones differ in it.
or_identity() { printf '%s\n%s\n%s' "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)" "$(uname -n)" "$or_home" | sha256sum | cut -c 1-64; }

# Its executable, instance and home: as the Tentacle tells its scripts, else where they usually are.
or_find_tentacle() {
  or_home=$TentacleHome or_instance="$TentacleInstanceName"
  or_executable=$(printf '%s' "$TentacleExecutablePath" | sed 's/\.dll$//')
  test -n "$or_instance" || or_instance=Tentacle
  test -n "$or_executable" || or_executable=/opt/octopus/tentacle/Tentacle
  test -x "$or_executable" || or_executable=$(command -v Tentacle)
}

# Does the environment stand in for the configuration file? Then a write would copy it over the file.
or_overridden() {
  test -n "$OCTOPUS_CONTRIBUTE_ENV_SETTINGS" && return 0
  test -n "$TENTACLE_TRUSTED_SERVERS" && return 0
  test -n "$or_main" && tr '\0' '\n' 2>/dev/null <"/proc/$or_main/environ" | awk '/^(OCTOPUS_CONTRIBUTE_ENV_SETTINGS|TENTACLE_TRUSTED_SERVERS)=./ { found = 1 } END { exit !found }'
}

or_prepare_folder() {
  test -n "$or_home" && test -d "$or_home" || return 1
  test -L "$or_folder" && return 1
  mkdir -p "$or_folder" && chmod 0700 "$or_folder" && test -O "$or_folder"
}
`;

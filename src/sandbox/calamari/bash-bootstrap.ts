import { createCipheriv, randomBytes } from 'node:crypto';

/**
 * The helper functions a Bash script finds in Octopus. Ours, with the behaviour that was recorded of Calamari's
 * (test/conformance/fixtures/calamari-bodies.jsonl; step-packages.md section 8.3), its defects included: everything goes through
 * openssl, so that without it each variable reads as unset; a value `-n` is lost; levels echo unquoted; an empty value is left
 * out; an artifact with a blank in its path has no length, one that is missing ends the script with 127.
 */
const helpers = String.raw`
function encode_servicemessagevalue { echo -n "$1" | openssl enc -base64 -A; }
function decode_servicemessagevalue { echo -n "$1" | openssl enc -base64 -A -d; }

function __octopus_mask {
  echo "##octopus[mask value='$(encode_servicemessagevalue "$1")']"
  echo "##octopus[mask value='$(encode_servicemessagevalue "$1")']" >&2
}

function decrypt_variable { echo $1 | openssl enc -a -A -d -aes-256-cbc -nosalt -K $sensitiveVariableKey -iv $2; }

function fail_step {
  [ -z "${'$'}{1:-}" ] || echo "##octopus[resultMessage message='$(encode_servicemessagevalue "$1")']"
  exit 1
}

function set_octopusvariable {
  local parts="setVariable"
  if [ -n "$1" ]; then parts="$parts name='$(encode_servicemessagevalue "$1")'"; fi
  if [ -n "$2" ]; then parts="$parts value='$(encode_servicemessagevalue "$2")'"; fi
  if [ "${'$'}{3:-}" = "-sensitive" ]; then parts="$parts sensitive='$(encode_servicemessagevalue True)'"; fi
  echo "##octopus[$parts]"
}

function new_octopusartifact {
  echo "Collecting $1 as an artifact..."
  if [ ! -e "$1" ]; then
    error_exit "$1"
    exit $?
  fi
  local full name size
  full="$(cd "$(dirname "$1")"; pwd -P)/$(basename "$1")"
  name="${'$'}{2:-$(basename "$full")}"
  size=$(wc -c < $1 )
  echo "##octopus[stdout-verbose]"
  echo "Artifact $name will be collected from $full after this step completes"
  echo "##octopus[stdout-default]"
  echo "##octopus[createArtifact path='$(encode_servicemessagevalue "$full")' name='$(encode_servicemessagevalue "$name")' length='$(encode_servicemessagevalue $size)']"
}

function update_progress {
  echo "##octopus[progress percentage='$(encode_servicemessagevalue "$1")' message='$(encode_servicemessagevalue "$2")']"
}

function __octopus_level {
  echo "##octopus[stdout-$1]"
  echo $2
  echo "##octopus[stdout-default]"
}
function write_verbose { __octopus_level verbose "$1"; }
function write_highlight { __octopus_level highlight "$1"; }
function write_wait { __octopus_level wait "$1"; }
function write_warning { __octopus_level warning "$1"; }

function __octopus_unknown {
  echo "This embedded Octopus does not know the function $1." >&2
  exit 1
}
function set_environmentstate { __octopus_unknown set_environmentstate; }
function set_environmenturl { __octopus_unknown set_environmenturl; }
function remove-octopustarget { __octopus_unknown remove-octopustarget; }
function new_octopustarget { __octopus_unknown new_octopustarget; }
function report_kubernetes_manifest { __octopus_unknown report_kubernetes_manifest; }
function report_kubernetes_manifest_file { __octopus_unknown report_kubernetes_manifest_file; }

function __octopus_environment {
  if [ "$(get_octopusvariable "Octopus.Action.Script.SuppressEnvironmentLogging")" == "True" ]; then return 0; fi
  echo "##octopus[stdout-verbose]"
  echo "Bash Environment Information:"
  echo "  OperatingSystem: $(uname -a)"
  echo "  CurrentUser: $(whoami)"
  echo "  HostName: $(hostname)"
  echo "  ProcessorCount: $(getconf _NPROCESSORS_ONLN)"
  echo "  CurrentDirectory: $(pwd)"
  echo "  TempDirectory: ${'$'}{TMPDIR:-/tmp}"
  echo "  HostProcessID: $$"
  echo "##octopus[stdout-default]"
}

__octopus_mask "$sensitiveVariableKey"
__octopus_environment
`;

/** One script's configuration file: helpers, and each variable encrypted under a key that only the command line carries. */
export function bashConfiguration(variables: Iterable<[string, string]>): { key: string; text: string } {
  const key = randomBytes(32);
  const cases: string[] = [];
  for (const [name, value] of variables) {
    const iv = randomBytes(16);
    const cipher = createCipheriv('aes-256-cbc', key, iv);
    const encrypted = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]).toString('base64');
    cases.push(`    "${Buffer.from(name, 'utf8').toString('base64')}") decrypt_variable "${encrypted}" "${iv.toString('hex').toUpperCase()}" ;;`);
  }
  const lookup = ['function get_octopusvariable {', '  INPUT=$( encode_servicemessagevalue "$1" )', '  case $INPUT in', ...cases, '    *) echo "" ;;', '  esac', '}'];
  return { key: key.toString('hex').toUpperCase(), text: `#!/bin/bash\nsensitiveVariableKey=$1\n\n${lookup.join('\n')}\n${helpers}` };
}

/** What Bash is started with: the helpers, then the script, in one shell; the key is shifted out of the script's arguments. */
export function bashBootstrap(configurationFile: string, scriptFile: string): string {
  return ['#!/bin/bash', `source "$(pwd)/${configurationFile}"`, 'shift', `source "$(pwd)/${scriptFile}"`, ''].join('\n');
}

import { LEAST_NODE, PACKAGE_ID, PARAMETER_PREFIX } from './names.ts';

export interface BashBody {
  /** Folder name in steps/. */
  phase: string;
  /** Names of the inputs, without prefix. */
  inputs: string[];
  /** SHA-256 of the files of the package that this step may run, by file name (rule 13). */
  sha256: Record<string, string>;
}

const NODE_MISSING = `Node.js ${LEAST_NODE} or later is needed on this machine: install it, make sure that the account of the Tentacle finds it on its PATH, and run the runbook again.`;

/**
 * The script of a step: it reads its parameters through Calamari's own function and hands them to the bundle of its phase as base64 JSON on
 * stdin, so that no secret is in an argument, in an environment or on disk. step-packages.md 8.2 and 8.3, with these reasons:
 *
 * - openssl first: without it Calamari's functions read every value as unset, and its own `fail_step` cannot speak (D18);
 * - `printf x` keeps trailing newlines; an unset value then reads as one newline, an empty one as nothing: both are left out;
 * - `set -e` does not reach into `$(...)`, so each step in there says itself when it fails;
 * - node is last, at top level, fed by a builtin: its exit code is the step's.
 *
 * No `#{` may occur, since Octopus would substitute it; the caller's names are tokens.
 */
export function bashBody({ phase, inputs, sha256 }: BashBody): string {
  for (const token of [phase, ...Object.keys(sha256)]) if (!/^[a-z][a-z.-]*$/.test(token)) throw new TypeError(`"${token}" is not a file name that a script may hold.`);
  for (const input of inputs) if (!/^[A-Z][A-Za-z]*$/.test(input)) throw new TypeError(`"${input}" is not an input name that a script may hold.`);
  const files = Object.entries(sha256).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [, hash] of files) if (!/^[0-9a-f]{64}$/.test(hash)) throw new TypeError(`"${hash}" is not a SHA-256.`);
  return `set -euo pipefail

if ! command -v openssl >/dev/null 2>&1; then
  echo "openssl is needed on this machine, since Octopus cannot hand values to a Bash script without it: install it (for example with: apt-get install openssl) and run the runbook again. Nothing was changed."
  exit 1
fi
if ! command -v node >/dev/null 2>&1; then
  echo "${NODE_MISSING} No node was found. Nothing was changed."
  exit 1
fi
node_version="$(node --version </dev/null)" || node_version=v0
node_version="\${node_version#v}"
if ! [ "\${node_version%%.*}" -ge ${LEAST_NODE} ] 2>/dev/null; then
  echo "${NODE_MISSING} Found: \${node_version}. Nothing was changed."
  exit 1
fi

package="$(get_octopusvariable "Octopus.Action.Package[${PACKAGE_ID}].ExtractedPath")"
if [ -z "$package" ] || [ ! -d "$package" ]; then
  echo "The package ${PACKAGE_ID} was not extracted on this machine. Install the rotation again (octopus-rotation install) so that the step refers to it. Nothing was changed."
  exit 1
fi

expect_file() {
  local found
  if [ ! -f "$package/$1" ]; then
    echo "The package ${PACKAGE_ID} holds no $1. Install the rotation again (octopus-rotation install). Nothing was changed."
    exit 1
  fi
  found="$(openssl dgst -sha256 -r "$package/$1")"
  if [ "\${found%% *}" != "$2" ]; then
    echo "$1 in the package ${PACKAGE_ID} is not the one that this step was installed with (SHA-256 \${found%% *} instead of $2). Install the rotation again (octopus-rotation install). Nothing was changed."
    exit 1
  fi
}
${files.map(([file, hash]) => `expect_file ${file} ${hash}`).join('\n')}

collect() {
  local name value
  for name in ${inputs.join(' ')}; do
    value="$(get_octopusvariable "${PARAMETER_PREFIX}$name" && printf x)" || return 1
    value="\${value%x}"
    printf '%s\\0%s\\0' "$name" "$value" || return 1
  done
}
encode='
  const parts = require("node:fs").readFileSync(0, "utf8").split("\\0");
  const inputs = {};
  for (let at = 0; at + 1 < parts.length; at += 2) if (parts[at + 1] !== "" && parts[at + 1] !== "\\n") inputs[parts[at]] = parts[at + 1];
  process.stdout.write(Buffer.from(JSON.stringify({ phase: "${phase}", inputs })).toString("base64"));
'
inputs="$(collect | node --no-warnings -e "$encode")" || {
  echo "The values of this step could not be read. Nothing was changed."
  exit 1
}

printf '%s\\n' "$inputs" | node --no-warnings "$package/${phase}.js"
`;
}

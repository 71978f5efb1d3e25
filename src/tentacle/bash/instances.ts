import { TEXTS } from './texts.ts';

/** Bash: which configuration file an instance of Tentacle has (tentacle-trust.md sections 1 and 2). */
export const INSTANCES = String.raw`
# Path of the configuration file from list-instances --format=json (stdin) for the instance named in OR_NAME; fails unless it is one.
or_instance_path() {
  awk '
${TEXTS}
    !begun && /^[ \t]*\[/ { begun = 1 }
    begun { text = text $0 "\n" }
    END {
      while (match(text, /"([^"\\]|\\.)*"|null|\}/)) {
        token = substr(text, RSTART, RLENGTH); text = substr(text, RSTART + RLENGTH)
        if (token == "}") { if (tolower(name) == tolower(ENVIRON["OR_NAME"])) { found++; wanted = path } name = path = key = "" }
        else if (key == "") key = tolower(token)
        else {
          if (token == "null") token = "\"\""
          if (key == "\"instancename\"") name = plain_text(token)
          if (key == "\"configurationfilepath\"") path = plain_text(token)
          key = ""
        }
      }
      if (found != 1 || wanted == "" || wanted ~ /[\001-\037]|\\u00/) exit 1
      print wanted
    }
  '
}
`;

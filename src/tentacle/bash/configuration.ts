/**
 * Bash: values in the configuration file of a Tentacle, exchanged without touching another byte (tentacle-trust.md section 4). No
 * command of Tentacle can write a twin, nor put an old certificate back; and its own commands write the file in place, so that one of them
 * that is killed leaves half a file. Only what is understood is edited: everything else is a refusal of its own, and the file as it was.
 */

/** Keys of the file, in lower case, as they are looked for. */
export const KEYS = { list: 'tentacle.communication.trustedoctopusservers', certificate: 'tentacle.certificate', thumbprint: 'tentacle.certificatethumbprint' };

export const CONFIGURATION = String.raw`
# Sets or_configuration, links resolved; else or_why.
or_locate() {
  or_why=no-configuration-file
  or_configuration=$(or_tentacle list-instances --format=json 2>/dev/null | OR_NAME="$or_instance" or_instance_path) || return 1
  or_configuration=$(readlink -f -- "$or_configuration") && test -f "$or_configuration" && test -r "$or_configuration" || return 1
}

or_reason_of() {
  case $1 in
    2) echo list-broken ;; 3) echo duplicate-entries ;; 4) echo no-pollable-entry ;; 5) echo twin-missing ;; 6) echo twin-differs ;; 7) echo keep-missing ;;
    12) echo configuration-doctype ;; 13) echo duplicate-key ;; 14) echo configuration-encoding ;; 16) echo configuration-changed ;; *) echo configuration-malformed ;;
  esac
}

# The value of key $2 (in lower case) in file $1 as it stands there, with an "x" behind it. With files $3 and $4 instead: the whole of file
# $1, in which the value of $3, if that is exactly what stands there (else 16), is exchanged for the one of $4.
# Ends with 11 malformed, 12 a DOCTYPE, 13 the key more than once, 14 not UTF-8.
or_value_in() {
  test "$(tr -cd '\000' <"$1" | wc -c)" -eq 0 || return 14
  { cat -- "$1" && printf x; } | OR_KEY="$2" OR_FROM="$3" OR_TO="$4" awk '
    function fail(code) { exit code }
    function slurp(path,   line, all, more) {
      while ((more = (getline line < path)) > 0) all = all line "\n"
      if (more < 0) fail(11)
      close(path)
      return substr(all, 1, length(all) - 2)
    }
    # Moves behind the next $1; nothing may be left open.
    function behind(mark,   n) {
      n = index(substr(text, at), mark)
      if (n == 0) fail(11)
      at += n + length(mark) - 1
    }
    function plain(literal,   out, n, name) {
      while ((n = index(literal, "&")) > 0) {
        out = out substr(literal, 1, n - 1); literal = substr(literal, n + 1)
        n = index(literal, ";"); name = substr(literal, 1, n - 1)
        if (n == 0) fail(11)
        literal = substr(literal, n + 1)
        if (name == "amp") out = out "&"
        else if (name == "lt") out = out "<"
        else if (name == "gt") out = out ">"
        else if (name == "quot") out = out "\""
        else if (name == "apos") out = out QUOTE
        # No key of ours needs a reference by number; whoever wrote one is not understood.
        else fail(11)
      }
      return out literal
    }
    # A start tag from at on: its name, its key, whether it closes itself.
    function tag(   n, attribute, mark, content) {
      match(substr(text, at), /^<[A-Za-z_][A-Za-z0-9_.:-]*/)
      if (RLENGTH < 2) fail(11)
      name = substr(text, at + 1, RLENGTH - 1); at += RLENGTH; has_key = 0; closed = 0
      while (1) {
        match(substr(text, at, 4096), /^[ \t\r\n]*/); n = RLENGTH; at += n
        if (substr(text, at, 2) == "/>") { closed = 1; at += 2; return }
        if (substr(text, at, 1) == ">") { at++; return }
        if (n == 0) fail(11)
        match(substr(text, at, 4096), /^[A-Za-z_][A-Za-z0-9_.:-]*[ \t\r\n]*=[ \t\r\n]*/)
        if (RLENGTH < 2) fail(11)
        attribute = substr(text, at, RLENGTH); sub(/[ \t\r\n=]+$/, "", attribute); at += RLENGTH
        mark = substr(text, at, 1)
        if (mark != "\"" && mark != QUOTE) fail(11)
        n = index(substr(text, at + 1), mark)
        content = substr(text, at + 1, n - 1)
        if (n == 0 || index(content, "<") > 0) fail(11)
        at += n + 1
        if (attribute == "key") { has_key = 1; key = plain(content) }
      }
    }
    { text = text $0 "\n" }
    END {
      QUOTE = sprintf("%c", 39)
      text = substr(text, 1, length(text) - 2); size = length(text); at = 1
      if (substr(text, 1, 3) == "\357\273\277") at = 4
      else if (substr(text, 1, 2) == "\376\377" || substr(text, 1, 2) == "\377\376") fail(14)
      while (at <= size) {
        n = index(substr(text, at), "<")
        gap = n == 0 ? substr(text, at) : substr(text, at, n - 1)
        if (depth == 0 && gap !~ /^[ \t\r\n]*$/) fail(11)
        if (n == 0) break
        at += n - 1; rest = substr(text, at, 16)
        if (rest ~ /^<!--/) { at += 4; behind("-->") }
        else if (rest ~ /^<\?/) {
          n = at; at += 2; behind("?>"); gap = tolower(substr(text, n, at - n))
          if (gap ~ /^<\?xml[ \t\r\n]/ && gap ~ /encoding[ \t\r\n]*=/ && gap !~ /encoding[ \t\r\n]*=[ \t\r\n]*["\047](utf-?8|us-ascii)["\047]/) fail(14)
        }
        else if (toupper(rest) ~ /^<!DOCTYPE/) fail(12)
        else if (rest ~ /^<!\[CDATA\[/ && depth > 0) { at += 9; behind("]]>") }
        else if (rest ~ /^<!/) fail(11)
        else if (rest ~ /^<\//) {
          match(substr(text, at), /^<\/[A-Za-z_][A-Za-z0-9_.:-]*[ \t\r\n]*>/)
          if (RLENGTH < 4 || depth == 0) fail(11)
          gap = substr(text, at + 2, RLENGTH - 3); sub(/[ \t\r\n]+$/, "", gap)
          if (gap != open[depth--]) fail(11)
          at += RLENGTH
        }
        else {
          tag()
          if (depth == 0 && (roots++ || name != "octopus-settings")) fail(11)
          ours = depth == 1 && name == "set" && has_key && tolower(key) == ENVIRON["OR_KEY"]
          if (ours && count++) fail(13)
          if (closed) continue
          open[++depth] = name
          if (ours) {
            n = index(substr(text, at), "<")
            # Nothing but text: no comment, CDATA or element inside.
            if (n == 0 || substr(text, at + n - 1, 5) != "</set") fail(11)
            found = at; until = at + n - 1; at = until
          }
        }
      }
      if (depth != 0 || !roots) fail(11)
      was = found ? substr(text, found, until - found) : ""
      if (ENVIRON["OR_FROM"] == "") { printf "%sx", was; exit 0 }
      if (!found || was != slurp(ENVIRON["OR_FROM"])) fail(16)
      printf "%s%s%s", substr(text, 1, found - 1), slurp(ENVIRON["OR_TO"]), substr(text, until)
    }
  '
}

or_is_alike() { test "$(stat -c '%u %g %a' -- "$1" 2>/dev/null)" = "$(stat -c '%u %g %a' -- "$2" 2>/dev/null)"; }

# File $2 with values exchanged, into file $3; the rest of the arguments, in threes: key, file of the one value, file of the other.
# $1: forward from the one to the other, or back. Ends as or_value_in does.
or_edited() {
  or_way=$1 or_source=$2 or_target=$3
  shift 3
  cat -- "$or_source" >"$or_target.step" || return 1
  while test "$#" -ge 3; do
    if test "$or_way" = forward; then or_value_in "$or_target.step" "$1" "$2" "$3" >"$or_target.next"; else or_value_in "$or_target.step" "$1" "$3" "$2" >"$or_target.next"; fi
    or_code=$?
    test "$or_code" = 0 && mv -fT -- "$or_target.next" "$or_target.step" || { rm -f -- "$or_target.step" "$or_target.next"; return "$or_code"; }
    shift 3
  done
  # Into the file as it is there, with its owner and its permissions.
  cat -- "$or_target.step" >"$or_target"
  or_code=$?
  rm -f -- "$or_target.step"
  return "$or_code"
}

# Exchanges values of the configuration file, all of them or none (arguments as the last ones of or_edited): a copy of the file is kept
# beside it, and the new one, complete and on disk, takes its place by one rename. Whatever fails before that leaves the old file
# untouched; or_why says it.
or_swap() {
  or_why=write-failed
  or_kept=$or_configuration.octopus-rotation.old
  or_fresh=$or_configuration.octopus-rotation.new
  or_exchange "$@" && return 0
  rm -f -- "$or_kept.new" "$or_fresh" "$or_fresh.back"
  return 1
}

or_exchange() {
  rm -f -- "$or_kept.new" "$or_fresh" || return 1
  # With owner, permissions and labels; the one that is renamed too.
  cp --preserve=all -- "$or_configuration" "$or_kept.new" 2>/dev/null || cp -p -- "$or_configuration" "$or_kept.new" 2>/dev/null || return 1
  cp --preserve=all -- "$or_kept.new" "$or_fresh" 2>/dev/null || cp -p -- "$or_kept.new" "$or_fresh" 2>/dev/null || return 1
  or_edited forward "$or_kept.new" "$or_fresh" "$@" 2>/dev/null
  case $? in 0) ;; 16) or_why=configuration-changed; return 1 ;; *) return 1 ;; esac
  # Whole only if the way back leads to the very file that was there.
  or_edited back "$or_fresh" "$or_fresh.back" "$@" 2>/dev/null && cmp -s -- "$or_fresh.back" "$or_kept.new" || return 1
  rm -f -- "$or_fresh.back"
  if ! or_is_alike "$or_configuration" "$or_fresh"; then or_why=not-writable; return 1; fi
  sync "$or_fresh" "$or_kept.new" 2>/dev/null || sync
  if ! cmp -s -- "$or_configuration" "$or_kept.new"; then or_why=configuration-changed; return 1; fi
  mv -fT -- "$or_kept.new" "$or_kept" 2>/dev/null && mv -fT -- "$or_fresh" "$or_configuration" 2>/dev/null || return 1
  sync "$(dirname -- "$or_configuration")" 2>/dev/null
  return 0
}
`;

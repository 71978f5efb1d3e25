import { TEXTS } from './texts.ts';

/**
 * Bash: the edit of the trust list of a polling Tentacle, as text (tentacle-trust.md sections 4 and 6). The same rules as twins.ts,
 * held to it by a test. What it reads and writes is the value as it stands in the configuration file, XML escapes included, with an
 * "x" behind it (a shell drops line ends at the end of a text): so no byte of a foreign entry, nor the form of an escape, is touched.
 */

export const TWINS = String.raw`
# Mode $1 over the value on standard input:
#   list           entries as or_parse prints them
#   foreign $2 $3  the text of each entry that carries neither thumbprint, one a line
#   polled $2      address and subscription of each entry that is polled with exactly that thumbprint
#   add $2 $3      the value with a twin of thumbprint $2 beside each entry with $3
#   turn $2 $3     the value with thumbprint $2 in each entry that carries $3, as update-trust does, but never so that two are equal (A31)
#   drop $2 $3     the value without the entries of thumbprint $2, whose twins with $3 must be there
# Ends with 2 list-broken, 3 duplicate-entries, 4 no-pollable-entry, 5 twin-missing, 6 twin-differs, 7 keep-missing.
or_twins() {
  awk -v mode="$1" -v wanted="$2" -v other="$3" '
${TEXTS}
    function fail(code) { exit code }
    # XML escapes of the value resolved; where one is, map leads from each byte of the text to its place in the source.
    function resolve(   i, n, c, from, name, literal) {
      size = length(source)
      if (index(source, "&") == 0) { text = source; return }
      mapped = 1; n = 0
      for (i = 1; i <= size; i++) {
        c = substr(source, i, 1); from = i; literal = c
        if (c == "&") {
          name = substr(source, i + 1, 12)
          if (index(name, ";") == 0) fail(2)
          name = substr(name, 1, index(name, ";") - 1); i += length(name) + 1
          if (name in ENTITIES) literal = ENTITIES[name]
          else if (name ~ /^#x[0-9A-Fa-f]+$/) literal = utf8(hexadecimal(substr(name, 3)))
          else if (name ~ /^#[0-9]+$/) literal = utf8(substr(name, 2) + 0)
          else fail(2)
          if (name ~ /^#(9|10|13|x0*[9aAdD])$/) literal = "\n"
        }
        text = text literal
        for (c = 1; c <= length(literal); c++) map[++n] = from
      }
      map[n + 1] = size + 1; size = n
    }
    function raw(from, until) {
      if (!mapped) return substr(source, from, until - from)
      return substr(source, map[from], map[until] - map[from])
    }
    function blank() { while (at <= size && index(" \t\r\n", substr(text, at, 1)) > 0) at++ }
    function string(   from, c) {
      if (substr(text, at, 1) != "\"") fail(2)
      from = at++
      while (at <= size) {
        c = substr(text, at, 1)
        if (c == "\\") {
          c = substr(text, at + 1, 1)
          if (c == "" || index("\"\\/bfnrtu", c) == 0) fail(2)
          if (c == "u" && substr(text, at + 2, 4) !~ /^[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]$/) fail(2)
          at += 2; continue
        }
        if (c < " ") fail(2)
        at++
        if (c == "\"") return substr(text, from, at - from)
      }
      fail(2)
    }
    # Reads a value; returns its literal, "" for a list or an object. Depth 1 is an entry: its properties are noted.
    function value(depth,   c, key, from, to, literal, entry) {
      if (depth > 40) fail(2)
      blank(); c = substr(text, at, 1)
      if (depth < 2 && c != (depth == 0 ? "[" : "{")) fail(2)
      if (c == "{" || c == "[") {
        entry = (depth == 1)
        if (entry) { count++; begin[count] = at; delete field; delete where; delete until }
        at++
        if (depth == 0) lead[1] = at
        blank()
        if (substr(text, at, 1) == (c == "{" ? "}" : "]")) at++
        else while (1) {
          if (c == "{") {
            blank(); key = tolower(string()); blank()
            if (substr(text, at++, 1) != ":") fail(2)
            blank(); from = at
          }
          literal = value(depth + 1)
          if (entry) {
            key = substr(key, 2, length(key) - 2)
            if (index(key, "\\") > 0 || (key in field)) fail(2)
            field[key] = literal; where[key] = from; until[key] = at
          }
          blank(); to = substr(text, at++, 1)
          if (to == (c == "{" ? "}" : "]")) break
          if (to != ",") fail(2)
          if (depth == 0) lead[count + 1] = at
        }
        if (entry) note()
        return ""
      }
      if (c == "\"") return string()
      from = at
      while (at <= size && index(",]} \t\r\n", substr(text, at, 1)) == 0) at++
      literal = substr(text, from, at - from)
      if (literal !~ /^(true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?)$/) fail(2)
      return literal
    }
    function text_or_null(name) {
      if (!(name in field)) return "null"
      if (field[name] != "null" && field[name] !~ /^"/) fail(2)
      return field[name]
    }
    function note(   i, key) {
      i = count; end[i] = at
      thumbprint[i] = text_or_null("thumbprint")
      if (thumbprint[i] == "null" || thumbprint[i] ~ /^"[ \t]*"$/) fail(2)
      from_thumbprint[i] = where["thumbprint"] + 1; to_thumbprint[i] = until["thumbprint"] - 1
      style[i] = ("communicationstyle" in field) ? tolower(field["communicationstyle"]) : "0"
      gsub(/"/, "", style[i])
      if (!(style[i] in STYLES)) fail(2)
      style[i] = STYLES[style[i]]
      address[i] = text_or_null("address"); squid[i] = text_or_null("squid"); subscription[i] = text_or_null("subscriptionid")
      exact[i] = plain_text(thumbprint[i]); plain[i] = plain_thumbprint(exact[i])
      place[i] = address[i] == "null" ? "null" : "=" comparable_address(plain_text(address[i]))
      account[i] = subscription[i] == "null" ? "null" : "=" plain_text(subscription[i])
      key = toupper(exact[i]) "\t" place[i]
      seen[key]++
      if (style[i] == 0) { unstyled[key] = 1; style[i] = 1 }
      web[i] = place[i] ~ /^=wss:/
      polled[i] = (style[i] == 2 || style[i] == 11) && address[i] != "null" && subscription[i] != "null" && !web[i]
    }
    function same_but_thumbprint(i, j) { return style[i] == style[j] && account[i] == account[j] }
    function no_equal(whose, where_at,   key) {
      key = whose "\t" where_at
      if (key in taken) fail(3)
      taken[key] = 1
    }
    function add(   i, j, olds, found, out, cursor) {
      for (i = 1; i <= count; i++) if (plain[i] == other && polled[i]) olds++
      if (!olds) {
        for (i = 1; i <= count; i++) if (polled[i] && exact[i] == wanted) { printf "%sx", source; return }
        fail(4)
      }
      for (i = 1; i <= count; i++) if (plain[i] == other && !web[i]) {
        found = 0
        for (j = 1; j <= count; j++) if (plain[j] == wanted && place[j] == place[i]) { if (found) fail(3); found = j }
        if (!found) twin[i] = 1
        else if (!same_but_thumbprint(i, found)) fail(6)
        else if (exact[found] != wanted) mend[found] = 1
      }
      for (i = 1; i <= count; i++) no_equal(plain[i], place[i])
      for (i in twin) no_equal(wanted, place[i])
      cursor = 1
      for (i = 1; i <= count; i++) {
        if (i in mend) { out = out raw(cursor, from_thumbprint[i]) wanted; cursor = to_thumbprint[i] }
        if (i in twin) { out = out raw(cursor, end[i]) "," raw(lead[i], from_thumbprint[i]) wanted raw(to_thumbprint[i], end[i]); cursor = end[i] }
      }
      printf "%s%sx", out, raw(cursor, size + 1)
    }
    function turn(   i, olds, out, cursor) {
      for (i = 1; i <= count; i++) if (plain[i] == other && polled[i]) olds++
      if (!olds) {
        for (i = 1; i <= count; i++) if (polled[i] && exact[i] == wanted) { printf "%sx", source; return }
        fail(4)
      }
      cursor = 1
      for (i = 1; i <= count; i++) {
        if (plain[i] != other || web[i]) { no_equal(plain[i], place[i]); continue }
        no_equal(wanted, place[i])
        out = out raw(cursor, from_thumbprint[i]) wanted; cursor = to_thumbprint[i]
      }
      printf "%s%sx", out, raw(cursor, size + 1)
    }
    function drop(   i, j, kept, out, some, first) {
      for (i = 1; i <= count; i++) if (polled[i] && exact[i] == other) kept++
      if (!kept) fail(7)
      for (i = 1; i <= count; i++) if (plain[i] == wanted && !web[i]) {
        gone[i] = 1
        if (style[i] == 1 && place[i] == "null") continue
        kept = 0
        for (j = 1; j <= count; j++) if (exact[j] == other && place[j] == place[i] && same_but_thumbprint(i, j)) kept = 1
        if (!kept) fail(5)
      }
      for (i = 1; i <= count; i++) if (!(i in gone)) no_equal(plain[i], place[i])
      out = raw(1, lead[1])
      for (i = 1; i <= count; i++) if (!(i in gone)) { out = out (some ? raw(end[i - 1], lead[i]) : "") raw(lead[i], end[i]); some = 1 }
      printf "%s%sx", out, raw(end[count], size + 1)
    }
    BEGIN {
      split("0 0 1 1 2 2 11 11 none 0 tentaclepassive 1 tentacleactive 2 kubernetestentacle 11", pairs, " ")
      for (i = 1; i in pairs; i += 2) STYLES[pairs[i]] = pairs[i + 1]
      ENTITIES["lt"] = "<"; ENTITIES["gt"] = ">"; ENTITIES["amp"] = "&"; ENTITIES["quot"] = "\""; ENTITIES["apos"] = sprintf("%c", 39)
    }
    { source = source $0 "\n" }
    END {
      source = substr(source, 1, length(source) - 2)
      # The element may stand there empty.
      if (source == "") source = "[]"
      resolve()
      at = 1; value(0); blank()
      if (at <= size) fail(2)
      for (key in unstyled) if (seen[key] > 1) fail(2)
      if (mode == "list") for (i = 1; i <= count; i++) print thumbprint[i] "\t" style[i] "\t" address[i] "\t" squid[i] "\t" subscription[i]
      else if (mode == "foreign") {
        for (i = 1; i <= count; i++) if (web[i] || (plain[i] != wanted && plain[i] != other)) { out = raw(begin[i], end[i]); gsub(/\n/, "\001", out); print out }
      } else if (mode == "polled") for (i = 1; i <= count; i++) { if (polled[i] && exact[i] == wanted) print place[i] "\t" account[i] }
      else if (mode == "add") add()
      else if (mode == "turn") turn()
      else if (mode == "drop") drop()
    }
  '
}

# Lists to be compared: entries (stdin) whatever the form of their escapes, addresses as .NET compares them, sorted.
or_canonical() {
  awk -F '\t' '
${TEXTS}
    function whole(literal) { return literal == "null" ? "null" : "=" plain_text(literal) }
    NF { print whole($1) "\t" $2 "\t" ($3 == "null" ? "null" : "=" comparable_address(plain_text($3))) "\t" whole($4) "\t" whole($5) }
  ' | sort
}

# What is to be polled with thumbprints $1 and $2 by the entries on standard input.
or_polls_wished() {
  awk -F '\t' -v one="$1" -v two="$2" '
${TEXTS}
    { thumbprint = plain_text($1); plain = plain_thumbprint(thumbprint) }
    ($2 == 2 || $2 == 11) && $3 != "null" && $5 != "null" && (plain == one || plain == two) {
      print comparable_address(plain_text($3)) "\t" comparable_address(plain_text($5)) "\t" thumbprint
    }
  ' | sort -u
}

# The same from the lines that the service wrote when it started (stdin).
or_polls_started() {
  awk -v one="$1" -v two="$2" '
${TEXTS}
    {
      a = index($0, " for subscription "); b = index($0, " expecting thumbprint ")
      if (a == 0 || b < a) next
      thumbprint = substr($0, b + 22); plain = plain_thumbprint(thumbprint)
      if (plain == one || plain == two) print comparable_address(substr($0, 1, a - 1)) "\t" comparable_address(substr($0, a + 18, b - a - 18)) "\t" thumbprint
    }
  ' | sort -u
}
`;

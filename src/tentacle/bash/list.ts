/**
 * Bash: the Tentacle's command line and its trust list, read without jq. A list is one line an entry, sorted, columns parted by tabs:
 * thumbprint, style (number), address, squid, subscription; texts as the JSON literals that show-configuration printed, so that they
 * can be compared and printed again byte by byte.
 *
 * House rule of these Bash texts: no brace expansions, so that neither a template literal nor Octostache finds anything to expand.
 */
export const LIST = String.raw`
# Runs the Tentacle command line: bounded, without standard input, without the lock's descriptor (a child would keep the lock).
or_tentacle() {
  timeout -k 10 120 "$or_executable" "$@" </dev/null 9>&-
}

# Its own thumbprint; old versions wrap it in a sentence.
or_read_own() {
  or_own=$(or_tentacle show-thumbprint --instance="$or_instance" 2>/dev/null | tr -c '0-9A-Fa-f' '\n' | awk 'length($0) == 40 { last = toupper($0) } END { print last }')
  test -n "$or_own"
}

# Sets or_entries, or_port, or_no_listen, or_listen_ip, or_home_there. 1: the command failed, 2: the list is broken (A39).
or_read_list() {
  or_text=$(or_tentacle show-configuration --instance="$or_instance" 2>/dev/null) || return 1
  or_parsed=$(printf '%s\n' "$or_text" | or_parse) || return 2
  or_entries=$(printf '%s\n' "$or_parsed" | sed -n 's/^entry	//p' | sort)
  or_port=$(printf '%s\n' "$or_parsed" | sed -n 's/^port	//p' | tr -cd '0-9')
  or_no_listen=$(printf '%s\n' "$or_parsed" | sed -n 's/^nolisten	//p')
  or_listen_ip=$(printf '%s\n' "$or_parsed" | sed -n 's/^listenip	"\([0-9A-Fa-f.:]*\)"$/\1/p')
  or_home_there=$(printf '%s\n' "$or_parsed" | sed -n 's/^home	"\([^\\]*\)"$/\1/p')
}

# JSON of show-configuration to lines. Log lines may come first. Ends with 1 on whatever breaks a Tentacle's own commands or its start.
or_parse() {
  awk '
    function fail() { failed = 1; exit 1 }
    function blank() { while (at <= size && index(" \t\r\n", substr(text, at, 1)) > 0) at++ }
    function string(   from, c) {
      if (substr(text, at, 1) != "\"") fail()
      from = at++
      while (at <= size) {
        c = substr(text, at, 1)
        if (c == "\\") { at += 2; continue }
        if (c == "\t" || c == "\n" || c == "\r") fail()
        at++
        if (c == "\"") return substr(text, from, at - from)
      }
      fail()
    }
    function value(path, depth,   c, key, n, from, literal) {
      if (depth > 40) fail()
      blank(); c = substr(text, at, 1)
      if (path == LIST && c != "[") fail()
      if (path == LIST "[]" && c != "{") fail()
      if (c == "{") {
        at++; blank()
        if (path == LIST "[]") { delete field }
        if (substr(text, at, 1) == "}") at++
        else while (1) {
          blank(); key = string(); blank()
          if (substr(text, at++, 1) != ":") fail()
          value(path "." tolower(substr(key, 2, length(key) - 2)), depth + 1)
          blank(); c = substr(text, at++, 1)
          if (c == "}") break
          if (c != ",") fail()
        }
        if (path == LIST "[]") entry()
        return
      }
      if (c == "[") {
        at++; blank()
        if (path == LIST) listed = 1
        if (substr(text, at, 1) == "]") at++
        else while (1) {
          value(path "[]", depth + 1)
          blank(); c = substr(text, at++, 1)
          if (c == "]") break
          if (c != ",") fail()
        }
        return
      }
      if (c == "\"") literal = string()
      else {
        from = at
        while (at <= size && index(",]} \t\r\n", substr(text, at, 1)) == 0) at++
        literal = substr(text, from, at - from)
        if (literal !~ /^(true|false|null|-?[0-9][0-9.eE+-]*)$/) fail()
      }
      if (index(path, LIST "[].") == 1) field[substr(path, length(LIST) + 4)] = literal
      else if (path == ".tentacle.services.portnumber") print "port\t" literal
      else if (path == ".tentacle.services.nolisten") print "nolisten\t" literal
      else if (path == ".tentacle.services.listenip") print "listenip\t" literal
      else if (path == ".octopus.home") print "home\t" literal
    }
    function text_or_null(name) {
      if (!(name in field)) return "null"
      if (field[name] != "null" && field[name] !~ /^"/) fail()
      return field[name]
    }
    function entry(   thumbprint, style, same) {
      thumbprint = text_or_null("thumbprint")
      if (thumbprint == "null" || thumbprint ~ /^"[ \t]*"$/) fail()
      style = ("communicationstyle" in field) ? tolower(field["communicationstyle"]) : "0"
      gsub(/"/, "", style)
      if (style in STYLES) style = STYLES[style]
      else fail()
      same = toupper(thumbprint) "\t" text_or_null("address")
      count[same]++
      if (style == 0) unstyled[same] = 1
      # An entry without style becomes a passive one when the agent starts.
      print "entry\t" thumbprint "\t" (style == 0 ? 1 : style) "\t" text_or_null("address") "\t" text_or_null("squid") "\t" text_or_null("subscriptionid")
    }
    BEGIN {
      LIST = ".tentacle.communication.trustedoctopusservers"
      split("0 0 1 1 2 2 11 11 none 0 tentaclepassive 1 tentacleactive 2 kubernetestentacle 11", pairs, " ")
      for (i = 1; i in pairs; i += 2) STYLES[pairs[i]] = pairs[i + 1]
    }
    !begun && /^[ \t]*\{[ \t\r]*$/ { begun = 1 }
    begun { text = text $0 "\n" }
    { whole = whole $0 "\n" }
    END {
      if (failed) exit 1
      if (!begun) text = substr(whole, index(whole, "{"))
      size = length(text); at = 1
      value("", 0)
      if (!listed) fail()
      for (same in unstyled) if (count[same] > 1) fail()
    }
  '
}

# Entries (stdin) whose thumbprint is $1 once letter case and blanks at the ends are set aside, as the running service does.
or_matching() {
  awk -F '\t' -v wanted="$1" '
    function plain(literal) { literal = toupper(literal); gsub(/^"( |\302\240)*|( |\302\240)*"$/, "", literal); return literal }
    plain($1) == wanted
  '
}

# The thumbprints of entries (stdin) as a set: upper case, sorted.
or_thumbprints() {
  awk -F '\t' 'NF { literal = toupper($1); gsub(/^"( |\302\240)*|( |\302\240)*"$/, "", literal); print literal }' | sort -u
}

# Entries (stdin) to the JSON of a machine result.
or_json() {
  awk -F '\t' '
    BEGIN { STYLES[0] = "None"; STYLES[1] = "TentaclePassive"; STYLES[2] = "TentacleActive"; STYLES[11] = "KubernetesTentacle"; printf "[" }
    NF { printf "%s{\"thumbprint\":%s,\"style\":\"%s\",\"address\":%s,\"subscriptionId\":%s}", (n++ ? "," : ""), $1, STYLES[$2], $3, $5 }
    END { printf "]" }
  '
}

# The line of a passive entry, as configure --trust makes it.
or_passive() {
  printf '"%s"\t1\tnull\tnull\tnull\n' "$1"
}

# Two lists joined, sorted, without empty lines.
or_join() {
  printf '%s\n%s\n' "$1" "$2" | sed '/^$/d' | sort
}

# List $1 without the lines of list $2 (each line of $2 takes away every equal line).
or_without() {
  printf '%s\n' "$1" | OR_AWAY="$2" awk 'BEGIN { n = split(ENVIRON["OR_AWAY"], lines, "\n"); for (i = 1; i <= n; i++) away[lines[i]] = 1 } NF && !($0 in away)'
}

# Applies options of configure, one command each, one a line.
or_configure() {
  or_result=0
  while IFS= read -r or_option; do
    test -n "$or_option" || continue
    or_tentacle configure --instance="$or_instance" "$or_option" >/dev/null 2>&1 || or_result=1
  done <<END_OF_OPTIONS
$1
END_OF_OPTIONS
  return "$or_result"
}
`;

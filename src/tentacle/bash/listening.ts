/** Bash: what the script writes on a listening Tentacle, by its command line, and the way back (tentacle-trust.md section 6). */
export const LISTENING = String.raw`
# What is to be written: or_options for configure, or_expected list, and the way back: or_inverse leads from the one to or_old.
or_plan() {
  or_options=
  or_expected=$or_before
  if test "$or_operation" = add; then or_plan_add; else or_plan_remove; fi
}

or_apply() { or_why=configure-failed; or_configure "$or_options"; }

or_undo() { or_configure "$or_inverse"; }

or_same_list() { test "$1" = "$2"; }

or_plan_add() {
  if printf '%s\n' "$or_before" | awk -F '\t' -v exact="\"$or_thumbprint\"" '$1 == exact { found = 1 } END { exit !found }'; then
    return
  fi
  # configure --trust replaces a passive entry that differs in letter case only.
  or_replaced=$(printf '%s\n' "$or_before" | awk -F '\t' -v exact="\"$or_thumbprint\"" 'toupper($1) == exact && $3 == "null"')
  or_options=--trust=$or_thumbprint
  or_expected=$(or_join "$(or_without "$or_before" "$or_replaced")" "$(or_passive "$or_thumbprint")")
  or_old=$or_before
  if test -z "$or_replaced"; then or_inverse=--remove-trust=$or_thumbprint
  else or_inverse=$(printf '%s\n' "$or_replaced" | or_texts | sed 's/^/--trust=/')
  fi
}

or_plan_remove() {
  test -n "$(printf '%s\n' "$or_before" | or_matching "$or_keep")" || or_finish refused keep-missing
  or_matches=$(printf '%s\n' "$or_before" | or_matching "$or_thumbprint")
  test -n "$or_matches" || return
  # A3: an entry that is polled carries the registration with it.
  printf '%s\n' "$or_matches" | awk -F '\t' '$2 != 1 || $3 != "null" || $5 != "null" { found = 1 } END { exit !found }' && or_finish refused pollable-entry
  or_options=$(printf '%s\n' "$or_matches" | or_texts | sed 's/^/--remove-trust=/')
  or_expected=$(or_without "$or_before" "$or_matches")
  or_old=$or_before
  or_inverse=$(printf '%s\n' "$or_matches" | or_texts | sed 's/^/--trust=/')
}

# Texts of the thumbprints of entries (stdin), exactly as stored: removing compares letter by letter (A19).
or_texts() { awk -F '\t' 'NF { print substr($1, 2, length($1) - 2) }' | sort -u; }

# An earlier run wrote and was killed before its restart was armed: the way back is known from the start-up log or from its own note.
or_plan_back() {
  test "$(or_state_value state) $(or_state_value operation) $(or_state_value thumbprint)" = "pending $or_operation $or_thumbprint" || test "$or_effective" = no || return 0
  or_line=$(or_passive "$or_thumbprint")
  if test "$or_operation" = add; then
    or_in_set "$or_thumbprint" && return 0
    or_alike=$(printf '%s\n' "$or_before" | or_matching "$or_thumbprint")
    test "$or_alike" = "$or_line" || return 0
    or_inverse=--remove-trust=$or_thumbprint
    or_old=$(or_without "$or_before" "$or_line")
  else
    test "$or_effective" = unknown || or_in_set "$or_thumbprint" || return 0
    or_inverse=--trust=$or_thumbprint
    or_old=$(or_join "$or_before" "$or_line")
  fi
}

# Did the running service load thumbprint $1?
or_in_set() { printf '%s\n' "$or_loaded" | awk -v wanted="$1" '$0 == wanted { found = 1 } END { exit !found }'; }
`;

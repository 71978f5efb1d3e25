import { KEYS } from './configuration.ts';

/** Bash: what the script writes on a polling Tentacle: twin entries, by an exchange of the list in the configuration file (A2 to A4, A16, A31). */
export const POLLING = String.raw`
# What is to be written stands in two files of the state folder: value-old as found, value-new as wished. Both outlive a kill, so that
# the next run knows the way back (D17).
or_plan() {
  or_options=
  or_expected=$or_before
  or_locate || or_finish refused "$or_why"
  or_found=$(or_value_in "$or_configuration" ${KEYS.list}) || or_finish refused "$(or_reason_of $?)"
  # The file must be what the Tentacle reads: nothing else is worth editing.
  or_rows=$(printf '%s' "$or_found" | or_twins list) || or_finish refused "$(or_reason_of $?)"
  test "$(printf '%s\n' "$or_rows" | or_canonical)" = "$(printf '%s\n' "$or_before" | or_canonical)" || or_finish refused configuration-differs
  case $or_operation in
    add) or_mode=add or_partner=$or_beside ;;
    update-trust) or_mode=turn or_partner=$or_beside ;;
    *) or_mode=drop or_partner=$or_keep ;;
  esac
  or_wanted=$(printf '%s' "$or_found" | or_twins "$or_mode" "$or_thumbprint" "$or_partner") || or_finish refused "$(or_reason_of $?)"
  test "$or_wanted" != "$or_found" || return 0
  if test "$or_operation" = update-trust && ! command -v openssl >/dev/null 2>&1; then or_finish refused no-openssl; fi
  or_is_sound || or_finish failed twin-differs
  test -w "$or_configuration" && test -w "$(dirname -- "$or_configuration")" || or_finish refused not-writable
  or_options=twins
  or_expected=$(printf '%s' "$or_wanted" | or_twins list)
  or_old=$or_before
  or_inverse=exchange
}

# Held once more against the text that would be written, apart from how it was made: foreign entries byte-equal, the entries that are
# polled with the certificate that stays the same as before, and some.
or_is_sound() {
  printf '%s' "$or_wanted" | or_twins list >/dev/null || return 1
  test "$(printf '%s' "$or_wanted" | or_twins foreign "$or_thumbprint" "$or_partner" | od -c)" = "$(printf '%s' "$or_found" | or_twins foreign "$or_thumbprint" "$or_partner" | od -c)" || return 1
  if test "$or_operation" = update-trust; then
    or_polled=$(printf '%s' "$or_found" | or_twins polled "$or_partner")
    test -z "$(printf '%s' "$or_wanted" | or_twins polled "$or_partner")" && test -z "$(or_without "$or_polled" "$(printf '%s' "$or_wanted" | or_twins polled "$or_thumbprint")")"
    return
  fi
  or_polled=$(printf '%s' "$or_wanted" | or_twins polled "$or_partner")
  test "$or_polled" = "$(printf '%s' "$or_found" | or_twins polled "$or_partner")" || return 1
  if test "$or_operation" = add; then
    or_without_twin=$(or_without "$or_polled" "$(printf '%s' "$or_wanted" | or_twins polled "$or_thumbprint")")
    test -z "$or_without_twin"
  else
    test -n "$or_polled" && test -z "$(printf '%s' "$or_wanted" | or_twins polled "$or_thumbprint")"
  fi
}

or_apply() {
  or_why=write-failed
  printf '%s' "$or_found" >"$or_folder/value-old" && printf '%s' "$or_wanted" >"$or_folder/value-new" || return 1
  sync "$or_folder/value-old" "$or_folder/value-new" 2>/dev/null
  # Whole on disk: a full disk may keep its word only until the file is closed.
  test "$(cat "$or_folder/value-old")" = "$or_found" && test "$(cat "$or_folder/value-new")" = "$or_wanted" || return 1
  or_swap ${KEYS.list} "$or_folder/value-old" "$or_folder/value-new"
}

# For update-trust: does a server that is polled show the new certificate before the time is over? One is enough: then the swap has come,
# and going back would cut this Tentacle off. Nothing else that is shown counts (A34).
or_server_came() {
  or_until=$(($(or_uptime) + or_return_seconds))
  while :; do
    or_addresses=$(or_twins polled "$or_thumbprint" <"$or_folder/value-new" | sed -n 's|^=[a-z]*://\([^/?]*\).*|\1|p' | sort -u)
    for or_address in $or_addresses; do
      case $or_address in *]) or_address=$or_address:443 ;; *:*) ;; *) or_address=$or_address:443 ;; esac
      or_shown=$(timeout 10 openssl s_client -connect "$or_address" -cipher 'DEFAULT@SECLEVEL=0' </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha1 2>/dev/null | sed 's/.*=//' | tr -d ':\r\n')
      test "$or_shown" = "$or_thumbprint" && return 0
    done
    test "$(or_uptime)" -ge "$or_until" && return 1
    sleep 5
  done
}

or_undo() { or_swap ${KEYS.list} "$or_folder/value-new" "$or_folder/value-old"; }

or_same_list() { test "$(printf '%s\n' "$1" | or_canonical)" = "$(printf '%s\n' "$2" | or_canonical)"; }

# An earlier run wrote and was killed before its restart was armed, or its restart was deferred: its two values lead back.
or_plan_back() {
  test "$(or_state_value operation) $(or_state_value thumbprint)" = "$or_operation $or_thumbprint" || return 0
  test -r "$or_folder/value-old" && test "$(cat "$or_folder/value-new" 2>/dev/null)" = "$or_found" || return 0
  or_old=$(or_twins list <"$or_folder/value-old") || return 0
  or_inverse=exchange
}
`;

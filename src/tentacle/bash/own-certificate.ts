import { KEYS } from './configuration.ts';

/**
 * Bash: the Tentacle's own certificate, OLD and NEW, kept as the values that its configuration file holds for them (tentacle-trust.md
 * section 4). Tentacle cannot export its certificate, but its two values can be put back as they are; whether they still open is tried.
 * A certificate is imported into a copy of the configuration, never into the file itself: Tentacle cuts that file to nothing and writes it
 * anew, twice, so that one killed in between would leave none. The file gets both values at once, by one rename.
 */
export const OWN_CERTIFICATE = String.raw`
# The note of what this Tentacle's certificate is in the middle of. On disk before anything goes on.
or_note() {
  or_c_state=$1 or_c_why=$2
  {
    printf 'state=%s\nwhy=%s\nrotation=%s\nold=%s\nnew=%s\nsignature=%s\n' "$or_c_state" "$or_c_why" "$or_c_rotation" "$or_c_old" "$or_c_new" "$or_c_signature"
    printf 'unit=%s\nboot=%s\nswitched=%s\ndeadline=%s\n' "$or_c_unit" "$or_c_boot" "$or_c_switched" "$or_c_deadline"
  } >"$or_cert/state.new" 2>/dev/null && sync "$or_cert/state.new" 2>/dev/null && mv -fT -- "$or_cert/state.new" "$or_cert/state" 2>/dev/null && sync "$or_cert" 2>/dev/null
}

# Sets or_c_ and each name of the note; "none" where there is none.
or_recall() {
  for or_name in state why rotation old new signature unit boot switched deadline; do
    printf -v "or_c_$or_name" %s "$(or_value_of "$or_cert/state" "$or_name")"
  done
  test -n "$or_c_state" || or_c_state=none
}

or_boot_id() { cat /proc/sys/kernel/random/boot_id 2>/dev/null; }

# Which certificate the configuration file holds: old, new, or other.
or_which() {
  for or_one in old new; do
    if or_value_in "$or_configuration" ${KEYS.certificate} 2>/dev/null | cmp -s -- - "$or_cert/$or_one-certificate" && or_value_in "$or_configuration" ${KEYS.thumbprint} 2>/dev/null | cmp -s -- - "$or_cert/$or_one-thumbprint"; then
      echo "$or_one"
      return
    fi
  done
  echo other
}

# From the one certificate to the other: both values, or neither.
or_exchange_certificate() { # old new
  or_swap ${KEYS.certificate} "$or_cert/$1-certificate" "$or_cert/$2-certificate" ${KEYS.thumbprint} "$or_cert/$1-thumbprint" "$or_cert/$2-thumbprint"
}

# Where .NET keeps certificates of the account that runs the service: by its HOME, else by its entry in the list of accounts.
or_find_store() {
  or_store=
  test -n "$or_main" || return 1
  or_account_home=$(tr '\0' '\n' 2>/dev/null <"/proc/$or_main/environ" | sed -n 's/^HOME=//p' | tail -n 1)
  test -n "$or_account_home" || or_account_home=$(getent passwd "$(stat -c %u "/proc/$or_main" 2>/dev/null)" | cut -d : -f 6)
  test -n "$or_account_home" || return 1
  or_store=$or_account_home/.dotnet/corefx/cryptography/x509stores/my
}

# The Tentacle's command line over the copy of the configuration, in a home of its own: the store of the service is not touched.
or_tentacle_aside() {
  timeout -k 10 120 env "HOME=$or_aside/home" "$or_executable" "$@" "--config=$or_aside/Tentacle.config" </dev/null 2>&1 9>&-
}

or_last_thumbprint() { tr -c '0-9A-Fa-f' '\n' | awk 'length($0) == 40 { last = toupper($0) } END { print last }'; }

# Does the value in file $1 open on this machine, and is it certificate $2? The thumbprint beside it is made one that no store has, so
# that the value itself must be opened.
or_opens() {
  rm -rf -- "$or_aside/home" && mkdir "$or_aside/home" || return 1
  or_edited forward "$or_aside/base" "$or_aside/Tentacle.config" ${KEYS.certificate} "$or_cert/old-certificate" "$1" ${KEYS.thumbprint} "$or_cert/old-thumbprint" "$or_aside/no-thumbprint" || return 1
  test "$(or_tentacle_aside show-thumbprint | or_last_thumbprint)" = "$2"
}

or_free_kilobytes() { df -Pk -- "$1" 2>/dev/null | awk 'NR == 2 && $4 ~ /^[0-9]+$/ { print $4 }'; }

# Room for the staged files, and for the megabyte that Tentacle wants free before it writes a configuration file.
or_has_room() {
  for or_place_there in "$or_home" "$(dirname -- "$or_configuration")"; do
    or_there=$(or_free_kilobytes "$or_place_there")
    if test -n "$or_there" && test "$or_there" -lt 4096; then return 1; fi
  done
  return 0
}

# Removes what was staged; the note stays.
or_clear() {
  rm -rf -- "$or_cert/aside"
  rm -f -- "$or_cert"/old-* "$or_cert"/new-* "$or_cert/reserve" "$or_cert/job.sh" "$or_cert/state.new"
  test -n "$or_configuration" && rm -f -- "$or_configuration.octopus-rotation.old" "$or_configuration.octopus-rotation.new" "$or_configuration.octopus-rotation.old.new" "$or_configuration".octopus-rotation.*.step "$or_configuration".octopus-rotation.*.next
  return 0
}

# Saves the way back and tries it; makes NEW, imports it into the copy, keeps its values and tries them. Sets or_why.
or_make() {
  or_why=write-failed
  or_aside=$or_cert/aside
  or_clear
  mkdir -m 0700 -- "$or_aside" || return 1
  cat -- "$or_configuration" >"$or_aside/base" && cp -- "$or_aside/base" "$or_aside/Tentacle.config" && printf '%040dx' 0 >"$or_aside/no-thumbprint" || return 1
  or_why=configuration-malformed
  or_value_in "$or_aside/base" ${KEYS.certificate} >"$or_cert/old-certificate" && or_value_in "$or_aside/base" ${KEYS.thumbprint} >"$or_cert/old-thumbprint"
  or_code=$?
  if test "$or_code" != 0; then or_why=$(or_reason_of "$or_code"); return 1; fi
  or_why=configuration-differs
  test "$(cat "$or_cert/old-certificate")" != x && test "$(tr a-f A-F <"$or_cert/old-thumbprint" | tr -d x)" = "$or_own" || return 1
  or_c_old=$or_own
  or_find_store && test -f "$or_store/$or_own.pfx" && { cp -p -- "$or_store/$or_own.pfx" "$or_cert/old-store" || { or_why=write-failed; return 1; }; }
  or_why=no-way-back
  or_opens "$or_cert/old-certificate" "$or_own" || return 1
  or_make_new
}

or_make_new() {
  # It is told to Tentacle alone; the file that it opens is gone before this script ends.
  or_password=$(head -c 30 /dev/urandom | base64 | tr -dc 'A-Za-z0-9')
  or_why=new-certificate-failed
  cp -- "$or_aside/base" "$or_aside/Tentacle.config" && test "$(printf %s "$or_password" | wc -c)" -ge 24 || return 1
  or_said=$(or_tentacle_aside new-certificate "--export-pfx=$or_aside/new.pfx" "--pfx-password=$or_password")
  or_code=$?
  case $or_said in *[Uu]nrecognized*export-pfx*) or_why=too-old; return 1 ;; esac
  if test "$or_code" != 0 || ! test -s "$or_aside/new.pfx"; then or_has_room || or_why=disk-full; return 1; fi
  chmod 0600 "$or_aside/new.pfx" || return 1
  or_c_new=$(printf '%s' "$or_said" | or_last_thumbprint)
  test -n "$or_c_new" && test "$or_c_new" != "$or_c_old" || return 1
  or_read_signature || return 1
  or_why=import-failed
  or_said=$(or_tentacle_aside import-certificate "--from-file=$or_aside/new.pfx" "--pfx-password=$or_password")
  or_code=$?
  or_password=
  if test "$or_code" != 0; then or_has_room || or_why=disk-full; return 1; fi
  or_value_in "$or_aside/Tentacle.config" ${KEYS.certificate} >"$or_cert/new-certificate" && or_value_in "$or_aside/Tentacle.config" ${KEYS.thumbprint} >"$or_cert/new-thumbprint" || return 1
  test "$(tr a-f A-F <"$or_cert/new-thumbprint" | tr -d x)" = "$or_c_new" || return 1
  or_opens "$or_cert/new-certificate" "$or_c_new" || return 1
  rm -rf -- "$or_aside"
  or_why=write-failed
  sync "$or_cert"/old-* "$or_cert"/new-* 2>/dev/null || sync
}

# What NEW is signed with (B6), where it can be seen here; and that it is the one whose thumbprint was said.
or_read_signature() {
  or_c_signature=unknown
  command -v openssl >/dev/null 2>&1 || return 0
  or_pem=$(OR_PASSWORD="$or_password" openssl pkcs12 -in "$or_aside/new.pfx" -passin env:OR_PASSWORD -nokeys 2>/dev/null)
  test -n "$or_pem" || or_pem=$(OR_PASSWORD="$or_password" openssl pkcs12 -legacy -in "$or_aside/new.pfx" -passin env:OR_PASSWORD -nokeys 2>/dev/null)
  test -n "$or_pem" || return 0
  test "$(printf '%s\n' "$or_pem" | openssl x509 -noout -fingerprint -sha1 2>/dev/null | sed 's/.*=//' | tr -d ':\r\n')" = "$or_c_new" || return 1
  case $(printf '%s\n' "$or_pem" | openssl x509 -noout -text 2>/dev/null | sed -n 's/^ *Signature Algorithm: *//p' | head -n 1) in
    sha1* | md5* | *-SHA1) or_why=sha1-certificate; return 1 ;;
    sha256* | sha384* | sha512* | ecdsa-with-SHA[235]*) or_c_signature=strong ;;
  esac
  return 0
}
`;

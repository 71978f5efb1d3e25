/**
 * Bash: the dead-man's switch. One job in a unit of its own, enabled, so that it outlives the script, the Tentacle and the machine. It goes
 * from note to note: whatever kills it, it begins again at the last one. Nothing but the two values of the certificate is ever put back.
 */
export const CERTIFICATE_JOB = String.raw`
# The certificate that the listener shows; nothing where it does not listen or openssl is missing.
or_shown() {
  test "$or_no_listen" = true && return 0
  test -n "$or_port" && command -v openssl >/dev/null 2>&1 || return 0
  or_set_target
  timeout 5 openssl s_client -connect "$or_target" -cipher 'DEFAULT@SECLEVEL=0' </dev/null 2>/dev/null 9>&- | openssl x509 -noout -fingerprint -sha1 2>/dev/null | sed 's/.*=//' | tr -d ':\r\n'
}

# Second of this boot in which process $1 began.
or_began() {
  or_ticks=$(sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null | awk '{ print $20 }')
  test -n "$or_ticks" && echo "$((or_ticks / $(getconf CLK_TCK 2>/dev/null || echo 100)))"
}

# Did the service that runs begin after the certificate was exchanged? Then it has read what the file holds now.
or_read_since() {
  test "$or_c_boot" = "$(or_boot_id)" || return 0
  or_look_at_unit "$or_unit" || return 1
  or_since=$(or_began "$or_main") && test -n "$or_c_switched" && test "$or_since" -gt "$or_c_switched"
}

# Watches until service, port and start-up log are right, and the listener, where there is one, shows certificate $1.
or_watch_certificate() { or_watch_until or_serves_certificate "$1"; }

or_serves_certificate() {
  or_seen=$(or_shown)
  test -z "$or_seen" || test "$or_seen" = "$1" || return 1
  test -r "$or_home/Logs/OctopusTentacle.txt" || return 0
  or_in_force 0
}

or_unlock() { exec 9>&-; }

# Takes the lock and looks again: fails unless the note is still $1.
or_still() {
  or_lock 60 || { or_unlock; return 1; }
  or_recall
  test "$or_c_state" = "$1" && return 0
  or_unlock
  return 1
}

or_job_main() {
  export LC_ALL=C
  umask 077
  while :; do
    or_recall
    case $or_c_state in
      armed) or_job_wait ;;
      switching) or_job_switch ;;
      switched) or_job_watch ;;
      reverting) or_job_revert ;;
      *) break ;;
    esac
    # What could not be done, for a lock or a full disk, is tried again.
    sleep 1
  done
  or_job_leave
}

# Until its moment: the time that it was told, by a clock that never jumps, and then until no script runs there.
or_job_wait() {
  or_moment=$(($(or_uptime) + or_delay_seconds))
  while test "$(or_uptime)" -lt "$or_moment"; do
    sleep 1
    or_recall
    test "$or_c_state" = armed || return 0
  done
  or_next=switching or_next_why=
  or_wait_until_idle || or_next=not-switched or_next_why=scripts-running
  or_still armed || return 0
  or_note "$or_next" "$or_next_why"
  or_unlock
}

or_job_switch() {
  or_still switching || return 0
  case $(or_which) in
    old) or_exchange_certificate old new || { or_note not-switched "$or_why"; or_unlock; return 0; } ;;
    new) ;;
    *) or_note not-switched configuration-changed; or_unlock; return 0 ;;
  esac
  or_c_switched=$(or_uptime)
  or_set_deadline
  or_note switched ''
  or_unlock
}

or_set_deadline() { or_c_boot=$(or_boot_id) or_c_deadline=$(($(or_uptime) + or_confirm_seconds)); }

# After a restart of the machine the time begins again.
or_job_watch() {
  if test "$or_c_boot" != "$(or_boot_id)"; then
    or_still switched || return 0
    or_c_switched=0
    or_set_deadline
    or_note switched ''
    or_unlock
  fi
  if ! or_read_since; then or_start_again; fi
  or_next_why=not-confirmed
  if or_watch_certificate "$or_c_new"; then
    while test "$(or_uptime)" -lt "$or_c_deadline"; do
      sleep 1
      or_recall
      test "$or_c_state" = switched || return 0
    done
  else or_next_why=service-failed
  fi
  or_still switched || return 0
  or_note reverting "$or_next_why"
  or_unlock
}

or_job_revert() {
  # Asked by a script of this very Tentacle, which first has to be heard out.
  test "$or_c_why" != asked || or_wait_until_idle
  or_still reverting || return 0
  rm -f -- "$or_cert/reserve"
  case $(or_which) in
    new) or_exchange_certificate new old || { or_unlock; sleep 9; return 0; } ;;
    old) ;;
    *) or_note failed configuration-changed; or_unlock; return 0 ;;
  esac
  or_put_store_back
  or_unlock
  or_ending=reverted or_ending_why=$or_c_why
  # Without an exchange before, the service has never seen another certificate.
  if test -n "$or_c_switched"; then
    or_start_again
    or_watch_certificate "$or_c_old" || or_ending=failed or_ending_why=service-failed
  fi
  or_still reverting || return 0
  or_note "$or_ending" "$or_ending_why"
  or_unlock
}

# The file in the store is preferred to the value, so it must be the one that was there.
or_put_store_back() {
  test -s "$or_cert/old-store" || return 0
  cmp -s -- "$or_cert/old-store" "$or_store/$or_c_old.pfx" && return 0
  mkdir -p -m 0700 -- "$or_store" && cp -p -- "$or_cert/old-store" "$or_store/.octopus-rotation" && mv -fT -- "$or_store/.octopus-rotation" "$or_store/$or_c_old.pfx"
}

# The unit goes; after a failure what leads back stays, to be tried again.
or_job_leave() {
  test "$or_c_state" = failed || or_clear
  or_remove_unit
}

or_remove_unit() {
  test -n "$or_c_unit" || return 0
  systemctl disable "$or_c_unit.service" >/dev/null 2>&1 9>&-
  rm -f -- "$or_units/$or_c_unit.service"
  systemctl daemon-reload >/dev/null 2>&1 9>&-
  return 0
}

# Beside the Tentacle's own unit, where an administrator's units are; one that came with a package lies elsewhere.
or_find_units() {
  or_units=$(systemctl show -p FragmentPath "$or_unit" 2>/dev/null | sed -n 's|^FragmentPath=\(/.*\)/[^/]*$|\1|p')
  case $or_units in '' | /lib/* | /usr/* | /run/*) or_units=/etc/systemd/system ;; esac
}

or_in_unit() { printf '%s' "$1" | sed 's/[\\"]/\\&/g; s/%/%%/g; s/\$/$$/g'; }

# Writes the job and its unit, enables and starts it, and reads back that it lives.
or_install_job() {
  or_why=write-failed
  {
    printf 'export PATH=%q\n' "$PATH"
    declare -p or_cert or_configuration or_folder or_home or_executable or_instance or_unit or_units or_store or_port or_no_listen or_listen_ip or_delay_seconds or_watch_seconds or_idle_seconds or_confirm_seconds
    declare -f $(compgen -A function or_)
    printf 'or_main=\nor_job_main\n'
  } >"$or_cert/job.sh.new" && sync "$or_cert/job.sh.new" && mv -fT -- "$or_cert/job.sh.new" "$or_cert/job.sh" || return 1
  head -c 262144 /dev/zero >"$or_cert/reserve" && sync "$or_cert/reserve" || return 1
  {
    printf '[Unit]\nDescription=Octopus Rotation: certificate of the Tentacle %s\nAfter=%s\nRequiresMountsFor="%s"\n' "$(or_in_unit "$or_instance")" "$or_unit" "$(or_in_unit "$or_cert")"
    printf '[Service]\nType=simple\nExecStart="%s" "%s"\nRestart=on-failure\nRestartSec=2\n[Install]\nWantedBy=multi-user.target\n' "$(or_in_unit "$BASH")" "$(or_in_unit "$or_cert/job.sh")"
  } >"$or_units/$or_c_unit.service" 2>/dev/null && sync "$or_units/$or_c_unit.service" "$or_units" || return 1
  or_why=no-detached-job
  systemctl daemon-reload >/dev/null 2>&1 9>&-
  systemctl enable "$or_c_unit.service" >/dev/null 2>&1 9>&- && systemctl start "$or_c_unit.service" >/dev/null 2>&1 9>&- || return 1
  or_job_lives
}

or_is_enabled() { test "$(systemctl is-enabled "$1.service" 2>/dev/null)" = enabled; }

or_job_lives() { or_unit_runs "$or_c_unit" && or_is_enabled "$or_c_unit"; }
`;

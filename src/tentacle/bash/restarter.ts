/** Bash: the detached restarter, the net under every restart (rule 3). Runs in a transient unit of its own, after the script has ended. */
export const RESTARTER = String.raw`
or_service_active() { test "$(systemctl is-active "$or_unit" 2>/dev/null)" = active; }

# Does the port answer? By a TLS handshake that ends in order, so that the Tentacle logs no Error; by TCP alone where there is no openssl.
or_port_answers() {
  test "$or_no_listen" = true && return 0
  test -n "$or_port" || return 0
  case $or_listen_ip in '' | '::' | 0.0.0.0) or_address=127.0.0.1 ;; *) or_address=$or_listen_ip ;; esac
  case $or_address in *:*) or_target="[$or_address]:$or_port" ;; *) or_target=$or_address:$or_port ;; esac
  if command -v openssl >/dev/null 2>&1; then
    # Connected but of another mind about TLS is an answer, too. No second connection: it might meet a port that has just opened.
    case $(timeout 5 openssl s_client -connect "$or_target" -cipher 'DEFAULT@SECLEVEL=0' </dev/null 2>/dev/null 9>&-) in *'CONNECTED('*) return 0 ;; esac
    return 1
  fi
  timeout 5 "$BASH" -c 'exec 3<>"/dev/tcp/$0/$1"' "$or_address" "$or_port" >/dev/null 2>&1 9>&-
}

# Watches until service, port and start-up log (from byte $2 on) are right for list $1. Gives up early when the service stays down.
or_watch() {
  or_until=$(($(or_uptime) + or_watch_seconds))
  or_down=0
  while :; do
    if or_service_active; then
      or_down=0
      or_look_at_unit "$or_unit"
      if or_port_answers; then
        test -r "$or_home/Logs/OctopusTentacle.txt" || return 0
        or_judge "$1" "$2"
        test "$or_effective" = yes && return 0
      fi
    else
      case $(systemctl is-active "$or_unit" 2>/dev/null) in activating | reloading | deactivating) ;; *) or_down=$((or_down + 1)) ;; esac
      test "$or_down" -ge 5 && return 1
    fi
    test "$(or_uptime)" -ge "$or_until" && return 1
    sleep 1
  done
}

# Waits until no script runs on this Tentacle at two looks in a row. A limit, after which nothing is forced.
or_wait_until_idle() {
  or_until=$(($(or_uptime) + or_idle_seconds))
  or_quiet=0
  while :; do
    if or_look_at_unit "$or_unit" && test "$(or_children "$or_main")" -gt 0; then or_quiet=0; else or_quiet=$((or_quiet + 1)); fi
    test "$or_quiet" -ge 2 && return 0
    test "$(or_uptime)" -ge "$or_until" && return 1
    sleep 1
  done
}

# The old list comes back only if the list is still exactly what was written (compare-and-swap).
or_put_back() {
  test -n "$or_inverse" || return 1
  or_lock 60 || return 1
  or_read_list && test "$or_entries" = "$or_wished" || return 1
  or_undo
  or_read_list && or_same_list "$or_entries" "$or_old"
}

or_restart_main() {
  sleep "$or_delay_seconds"
  if ! or_wait_until_idle; then
    or_end deferred
    return 0
  fi
  or_offset=$(or_log_size)
  systemctl restart "$or_unit" >/dev/null 2>&1
  if or_watch "$or_wished" "$or_offset"; then
    if test "$or_operation" != update-trust || or_server_came; then
      or_end good
      return 0
    fi
  fi
  or_ending=failed
  or_offset=$(or_log_size)
  if or_put_back; then
    or_start_again
    or_watch "$or_old" "$or_offset" && or_ending=reverted
  elif ! or_service_active; then
    or_start_again
  fi
  or_end "$or_ending"
}

or_start_again() {
  systemctl restart "$or_unit" >/dev/null 2>&1 9>&- && return 0
  systemctl reset-failed "$or_unit" >/dev/null 2>&1 9>&-
  systemctl start "$or_unit" >/dev/null 2>&1 9>&-
}

or_end() {
  or_write_state "$1"
  rm -f "$or_copy"
}
`;

/** Bash: whether the service serves, whether scripts run on it, and how it is started whatever it was. */
export const CONTROL = String.raw`
or_service_active() { test "$(systemctl is-active "$or_unit" 2>/dev/null)" = active; }

# Where its listener is reached from here: or_address, or_target.
or_set_target() {
  case $or_listen_ip in '' | '::' | 0.0.0.0) or_address=127.0.0.1 ;; *) or_address=$or_listen_ip ;; esac
  case $or_address in *:*) or_target="[$or_address]:$or_port" ;; *) or_target=$or_address:$or_port ;; esac
}

# Does the port answer? By a TLS handshake that ends in order, so that the Tentacle logs no Error; by TCP alone where there is no openssl.
or_port_answers() {
  test "$or_no_listen" = true && return 0
  test -n "$or_port" || return 0
  or_set_target
  if command -v openssl >/dev/null 2>&1; then
    # Connected but of another mind about TLS is an answer, too. No second connection: it might meet a port that has just opened.
    case $(timeout 5 openssl s_client -connect "$or_target" -cipher 'DEFAULT@SECLEVEL=0' </dev/null 2>/dev/null 9>&-) in *'CONNECTED('*) return 0 ;; esac
    return 1
  fi
  timeout 5 "$BASH" -c 'exec 3<>"/dev/tcp/$0/$1"' "$or_address" "$or_port" >/dev/null 2>&1 9>&-
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

# Watches until the service runs, its port answers, and the command given finds it right. Gives up early when the service stays down.
or_watch_until() {
  or_until=$(($(or_uptime) + or_watch_seconds))
  or_down=0
  while :; do
    if or_service_active; then
      or_down=0
      or_look_at_unit "$or_unit"
      if or_port_answers; then
        "$@" && return 0
      fi
    else
      case $(systemctl is-active "$or_unit" 2>/dev/null) in activating | reloading | deactivating) ;; *) or_down=$((or_down + 1)) ;; esac
      test "$or_down" -ge 5 && return 1
    fi
    test "$(or_uptime)" -ge "$or_until" && return 1
    sleep 1
  done
}

or_start_again() {
  systemctl restart "$or_unit" >/dev/null 2>&1 9>&- && return 0
  systemctl reset-failed "$or_unit" >/dev/null 2>&1 9>&-
  systemctl start "$or_unit" >/dev/null 2>&1 9>&-
}
`;

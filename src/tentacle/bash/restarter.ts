/** Bash: the detached restarter, the net under every restart (rule 3). Runs in a transient unit of its own, after the script has ended. */
export const RESTARTER = String.raw`
# Watches until service, port and start-up log (from byte $2 on) are right for list $1.
or_watch() { or_watch_until or_serves_list "$1" "$2"; }

or_serves_list() {
  test -r "$or_home/Logs/OctopusTentacle.txt" || return 0
  or_judge "$1" "$2"
  test "$or_effective" = yes
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

or_end() {
  or_write_state "$1"
  rm -f "$or_copy"
}
`;

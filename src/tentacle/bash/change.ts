/** Bash: what the script does on the machine: observe, change only what is missing, read back, arm the restart, say the result. */
export const CHANGE = String.raw`
or_finish() { # outcome reason
  test "$2" = null && or_reason=null || or_reason="\"$2\""
  or_say "$or_operation on $or_own: $1, reason $2, effective $or_effective, restart $or_restarts, last restart $or_last"
  or_result=$(printf '{"rotationId":"%s","own":"%s","operation":"%s","outcome":"%s","reason":%s,"before":%s,"after":%s,"effective":"%s","restart":"%s","lastRestart":"%s","identity":"%s"}' \
    "$or_rotation" "$or_own" "$or_operation" "$1" "$or_reason" \
    "$(printf '%s\n' "$or_before" | or_json)" "$(printf '%s\n' "$or_after" | or_json)" "$or_effective" "$or_restarts" "$or_last" "$(or_identity)" | base64 | tr -d '\r\n')
  # At a person's terminal the exit code speaks, not the line for a task's log.
  if test "$or_restart" = here; then
    case $1 in changed | unchanged) exit 0 ;; *) exit 1 ;; esac
  fi
  printf 'octopus-rotation-result %s\n' "$or_result"
  exit 0
}

or_observe_last() {
  or_last=none
  case $(or_state_value state) in
    good) or_last=good ;;
    reverted) or_last=reverted ;;
    deferred) or_last=deferred ;;
    failed) or_last=failed ;;
    armed)
      # A restarter that ended without a word was killed, or the machine was restarted with it.
      if or_unit_runs "$(or_state_value unit)"; then or_last=running
      elif test "$or_effective" = yes; then or_last=good
      else or_last=failed
      fi ;;
  esac
}

or_observe() {
  or_read_list
  case $? in
    1) if or_overridden; then or_finish refused environment-override; else or_finish refused configuration-unreadable; fi ;;
    2) or_finish refused list-broken ;;
  esac
  or_overridden && or_finish refused environment-override
  or_before=$or_entries
  or_after=$or_entries
  test -n "$or_home" || or_home=$or_home_there
  or_folder=$or_home/OctopusRotation
  or_judge "$or_entries" 0
  or_observe_last
}

# Can a restart be detached here? Tried for real with a unit that does nothing, before anything is written (D15).
or_can_detach() {
  command -v systemd-run >/dev/null 2>&1 || return 1
  systemd-run "--unit=$or_restarter_unit-check" --collect true </dev/null >/dev/null 2>&1 9>&-
}

or_end_earlier_restarter() {
  or_earlier=$(or_state_value unit)
  test "$(or_state_value state)" = armed && or_unit_runs "$or_earlier" || return 0
  or_say "an earlier restarter is ended: $or_earlier"
  systemctl stop "$or_earlier.service" >/dev/null 2>&1 9>&-
  ! or_unit_runs "$or_earlier"
}

# True if the restarter that runs was armed for this very change.
or_same_restarter() {
  test "$or_last" = running && test "$(or_state_value rotation) $(or_state_value operation) $(or_state_value thumbprint)" = "$or_rotation $or_operation $or_thumbprint"
}

or_arm() {
  or_wished=$or_after
  rm -f "$or_folder"/restart-*.sh "$or_folder"/restart-*.sh.new
  or_copy=$or_folder/restart-$or_rotation-$or_fence-$or_operation.sh
  {
    printf 'export PATH=%q LC_ALL=C\n' "$PATH"
    declare -p or_rotation or_fence or_operation or_thumbprint or_delay_seconds or_watch_seconds or_idle_seconds or_return_seconds or_executable or_instance \
      or_home or_folder or_copy or_unit or_restarter_unit or_port or_no_listen or_listen_ip or_wished or_old or_inverse or_route or_beside or_keep or_configuration
    declare -f $(compgen -A function or_)
    printf 'or_main=\nor_restart_main\n'
  } >"$or_copy.new" && chmod 0700 "$or_copy.new" && mv -f "$or_copy.new" "$or_copy" || return 1
  or_write_state armed || return 1
  systemd-run "--unit=$or_restarter_unit" --collect "$BASH" "$or_copy" </dev/null >/dev/null 2>&1 9>&-
}

# The same restart with the same net, watched by whoever ran the script.
or_restart_here() {
  or_wished=$or_after
  or_copy=$or_folder/none
  or_say 'the Tentacle is restarted once no script runs there; this may take minutes'
  or_write_state armed
  # As for the detached one the lock is free meanwhile; the way back takes it again.
  exec 9>&-
  or_restart_main
  or_last=$(or_state_value state)
  or_look_at_unit "$or_unit"
  or_read_list && or_after=$or_entries
  or_judge "$or_after" 0
  test "$or_last" = good || or_finish failed "restart-$or_last"
  or_finish "$1" null
}

or_main() {
  export LC_ALL=C
  umask 077
  or_own= or_before= or_after= or_entries= or_effective=unknown or_restarts=none or_last=none or_old= or_inverse= or_configuration= or_unit= or_main= or_folder=/nonexistent
  or_find_tentacle
  if ! or_read_own; then
    or_say 'this Tentacle does not tell its own thumbprint, so nothing was done'
    exit 1
  fi
  or_restarter_unit=octopus-rotation-$or_rotation-$or_fence-$or_operation-$(printf '%s' "$or_own" | cut -c 1-8)
  or_find_unit
  or_observe
  test "$or_operation" = observe && or_finish unchanged null
  if test "$or_restart" != none && test -z "$or_unit"; then or_finish refused service-unknown; fi
  or_prepare_folder || or_finish refused no-state-folder
  command -v flock >/dev/null 2>&1 || or_finish refused no-lock
  or_lock 90 || or_finish failed busy
  # Once more, now that nobody else writes.
  or_observe
  or_plan

  if test -z "$or_options"; then
    if test "$or_effective" = yes; then
      or_restarts=not-needed
      or_finish unchanged null
    fi
    test "$or_restart" != none || or_finish unchanged null
    if test "$or_restart" = detached && or_same_restarter; then
      or_restarts=armed
      or_finish unchanged null
    fi
  fi

  if test "$or_restart" = detached; then or_can_detach || or_finish refused no-detached-restart; fi
  or_end_earlier_restarter || or_finish failed busy
  or_outcome=unchanged
  if test -n "$or_options"; then
    or_write_state pending
    or_apply
    or_code=$?
    or_read_list || or_finish failed read-back-differs
    or_after=$or_entries
    or_judge "$or_after" 0
    # What counts is what is stored, whatever the command said (A37).
    if ! or_same_list "$or_after" "$or_expected"; then
      test "$or_code" = 0 && or_finish failed read-back-differs
      or_finish failed "$or_why"
    fi
    or_outcome=changed
  else
    or_plan_back
  fi
  if test "$or_effective" = yes; then
    or_restarts=not-needed
    or_finish "$or_outcome" null
  fi
  test "$or_restart" != none || or_finish "$or_outcome" null
  test "$or_restart" = detached || or_restart_here "$or_outcome"
  if or_arm; then
    or_restarts=armed
    or_finish "$or_outcome" null
  fi
  # Written, but no restart to be had after all: back to what it was.
  test "$or_outcome" = changed && or_undo
  or_write_state failed
  or_read_list && or_after=$or_entries
  or_judge "$or_after" 0
  or_finish failed no-detached-restart
}
`;

/** Bash: what one script does about the Tentacle's own certificate: observe, stage, arm, disarm, revert, look; and the line that says it. */
export const CERTIFICATE = String.raw`
or_text_or_null() { if test -n "$1"; then printf '"%s"' "$1"; else printf null; fi; }

or_number_or_null() { case $1 in '' | *[!0-9]*) printf null ;; *) printf '%s' "$1" ;; esac; }

or_finish() { # outcome reason
  or_recall
  or_observe_state
  test "$2" = null && or_reason= || or_reason=$2
  or_say "$or_operation on $or_own: $1, reason $2, note $or_c_state, job $or_job, in force $or_serves"
  or_result=$(
    printf '{"rotationId":"%s","own":"%s","operation":"%s","outcome":"%s","reason":%s' "$or_rotation" "$or_own" "$or_operation" "$1" "$(or_text_or_null "$or_reason")"
    printf ',"state":"%s","why":%s,"noteOf":%s,"old":%s,"new":%s,"signature":%s' "$or_c_state" "$(or_text_or_null "$or_c_why")" "$(or_text_or_null "$or_c_rotation")" "$(or_text_or_null "$or_c_old")" "$(or_text_or_null "$or_c_new")" "$(or_text_or_null "$or_c_signature")"
    printf ',"job":"%s","secondsLeft":%s,"inForce":%s,"wayBack":"%s","pending":"%s"' "$or_job" "$(or_number_or_null "$or_left")" "$(or_text_or_null "$or_serves")" "$or_way_back" "$or_pending"
    printf ',"trusted":%s,"freeKilobytes":%s,"clock":%s,"identity":"%s"}' "$(printf '%s\n' "$or_entries" | or_json)" "$(or_number_or_null "$(or_free_kilobytes "$or_home")")" "$(date +%s)" "$(or_identity)"
  )
  printf 'octopus-rotation-certificate-result %s\n' "$(printf '%s' "$or_result" | base64 | tr -d '\r\n')"
  exit 0
}

# What there is now, told with every result: nothing of it is taken from what an earlier run meant to do.
or_observe_state() {
  or_known=$or_own
  or_read_own || or_own=$or_known
  or_read_list
  or_job=none or_left= or_serves= or_pending=none or_way_back=none
  if test -n "$or_c_unit"; then
    if or_unit_runs "$or_c_unit"; then or_job=runs; elif or_is_enabled "$or_c_unit"; then or_job=stopped; fi
  fi
  if test "$or_c_state" = switched && test "$or_c_boot" = "$(or_boot_id)"; then
    or_left=$((or_c_deadline - $(or_uptime)))
    test "$or_left" -ge 0 || or_left=0
  fi
  or_look_at_unit "$or_unit" && or_serves=$(or_shown)
  # Without a listener: what the file holds is in force, if the service began after it was exchanged or if it never was.
  if test -z "$or_serves" && test -n "$or_main"; then
    case $or_c_state in switched | reverting | switching | failed) or_read_since && or_serves=$or_own ;; *) or_serves=$or_own ;; esac
  fi
  test -n "$or_configuration" && test -s "$or_cert/old-certificate" && test "$(or_which)" != other && or_way_back=kept
  if test "$(or_state_value state)" = armed && or_unit_runs "$(or_state_value unit)"; then or_pending=restart; fi
}

or_open() {
  or_prepare_folder && mkdir -p -m 0700 -- "$or_cert" && test ! -L "$or_cert" && test -O "$or_cert" || or_finish refused no-state-folder
  command -v flock >/dev/null 2>&1 || or_finish refused no-lock
  or_lock 90 || or_finish failed busy
  or_recall
}

or_stage() {
  or_open
  case $or_c_state in
    staged)
      if test "$or_c_rotation" = "$or_rotation" && test "$(or_which)" = old; then or_finish unchanged null; fi ;;
    armed | switching | switched | reverting | failed) or_finish refused not-finished ;;
  esac
  or_has_room || or_finish refused disk-full
  or_c_rotation=$or_rotation or_c_old= or_c_new= or_c_signature= or_c_unit= or_c_boot= or_c_switched= or_c_deadline=
  if ! or_note none ''; then or_finish failed write-failed; fi
  if ! or_make; then
    or_clear
    case $or_why in too-old | sha1-certificate | no-way-back | disk-full | configuration-* | duplicate-key) or_finish refused "$or_why" ;; *) or_finish failed "$or_why" ;; esac
  fi
  or_note staged '' || { or_clear; or_finish failed write-failed; }
  or_finish changed null
}

or_arm() {
  or_open
  or_mine=no
  test "$or_c_rotation $or_c_new" = "$or_rotation $or_thumbprint" && or_mine=yes
  case $or_mine-$or_c_state in
    yes-armed | yes-switching | yes-switched)
      or_job_lives && or_finish unchanged null
      or_install_job || or_finish failed "$or_why"
      or_finish changed null ;;
    *-armed | *-switching | *-switched | *-reverting | *-failed) or_finish refused not-finished ;;
    yes-staged) ;;
    *) or_finish refused not-staged ;;
  esac
  test "$(or_which)" = old || or_finish refused configuration-changed
  if test "$(or_state_value state)" = armed && or_unit_runs "$(or_state_value unit)"; then or_finish refused busy; fi
  test -w "$or_configuration" && test -w "$(dirname -- "$or_configuration")" || or_finish refused not-writable
  or_c_unit=octopus-rotation-certificate-$(printf '%s' "$or_c_old" | cut -c 1-8)
  # The note first: a job that started without it would find nothing to do.
  or_note armed '' || or_finish failed write-failed
  if ! or_install_job; then
    systemctl stop "$or_c_unit.service" >/dev/null 2>&1 9>&-
    or_remove_unit
    rm -f -- "$or_cert/job.sh" "$or_cert/job.sh.new" "$or_cert/reserve"
    or_c_unit=
    or_note staged ''
    test "$or_why" = no-detached-job && or_finish refused "$or_why"
    or_finish failed "$or_why"
  fi
  or_finish changed null
}

# Only the certificate that is wished, and only where it is in force, is left to stay.
or_disarm() {
  or_open
  or_observe_state
  test "$or_own" = "$or_thumbprint" || or_finish refused other-certificate
  case $or_c_state in
    reverting | failed) or_finish refused not-finished ;;
    armed | switching | switched) test "$or_serves" = "$or_thumbprint" || or_finish refused not-in-force ;;
    none) or_finish unchanged null ;;
  esac
  or_before=$or_c_state
  if test "$or_c_state" != disarmed; then
    or_note disarmed '' || or_finish failed write-failed
  fi
  if test -n "$or_c_unit"; then
    systemctl stop "$or_c_unit.service" >/dev/null 2>&1 9>&-
    or_remove_unit
  fi
  or_clear
  if or_unit_runs "$or_c_unit" || or_is_enabled "$or_c_unit" || test -e "$or_units/$or_c_unit.service" || test -e "$or_cert/old-certificate"; then or_finish failed still-armed; fi
  test "$or_before" = disarmed && or_finish unchanged null
  or_finish changed null
}

or_revert() {
  or_open
  case $or_c_state in
    armed | switching | switched | failed | reverting) ;;
    staged)
      or_clear
      or_note none '' || or_finish failed write-failed
      or_finish changed null ;;
    reverted | not-switched) or_finish unchanged null ;;
    *) or_finish refused nothing-to-revert ;;
  esac
  test -s "$or_cert/old-certificate" || or_finish refused nothing-to-revert
  test "$or_c_state" = reverting || or_note reverting asked || or_finish failed write-failed
  or_job_lives || or_install_job || or_finish failed "$or_why"
  test "$or_place" = host || or_finish changed null
  # Nobody's script is in the way: it is seen to its end.
  or_unlock
  or_until=$(($(or_uptime) + or_watch_seconds + or_idle_seconds + 60))
  while or_recall && test "$or_c_state" = reverting && test "$(or_uptime)" -lt "$or_until"; do sleep 1; done
  while test "$or_c_state" = reverted && or_unit_runs "$or_c_unit" && test "$(or_uptime)" -lt "$or_until"; do sleep 1; done
  case $or_c_state in reverted) or_finish changed null ;; reverting) or_finish failed busy ;; *) or_finish failed revert-failed ;; esac
}

or_main() {
  export LC_ALL=C
  umask 077
  or_own= or_entries= or_unit= or_units= or_main= or_configuration= or_store= or_cert=/nonexistent or_folder=/nonexistent or_route=listening or_password=
  or_find_tentacle
  if ! or_read_own; then
    or_say 'this Tentacle does not tell its own thumbprint, so nothing was done'
    exit 1
  fi
  or_read_list
  or_code=$?
  test -n "$or_home" || or_home=$or_home_there
  or_folder=$or_home/OctopusRotation
  or_cert=$or_folder/certificate
  or_find_unit
  or_locate
  or_located=$?
  if test -n "$or_unit"; then or_find_units; fi
  or_find_store
  test "$or_operation" = look && or_finish unchanged null
  # An agent in Kubernetes keeps its certificate under a key of its own and has no service manager: no way back could be kept there (B7).
  if test -n "$OCTOPUS__K8STENTACLE__NAMESPACE$KUBERNETES_SERVICE_HOST" && test "$or_located" != 0; then or_finish refused kubernetes; fi
  or_overridden && or_finish refused environment-override
  case $or_code in 1) or_finish refused configuration-unreadable ;; 2) or_finish refused list-broken ;; esac
  test "$or_located" = 0 || or_finish refused "$or_why"
  test -n "$or_unit" || or_finish refused service-unknown
  case $or_operation in
    observe)
      or_recall
      or_has_room || or_finish refused disk-full
      or_finish unchanged null ;;
    stage) or_stage ;;
    arm) or_arm ;;
    disarm) or_disarm ;;
    revert) or_revert ;;
  esac
}
`;

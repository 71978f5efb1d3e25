/**
 * Bash: the service that runs the Tentacle, what its start-up log says it loaded (tentacle-trust.md section 5), and the state file by
 * which the detached restarter and later scripts know of each other.
 */
export const SERVICE = String.raw`
# Seconds of a clock that never jumps.
or_uptime() { sed 's/[. ].*//' /proc/uptime; }

or_parent() { sed -n 's/^.*) [A-Za-z] \([0-9]*\) .*/\1/p' "/proc/$1/stat" 2>/dev/null; }

# Is process $1 process $2 or below it?
or_below() {
  or_pid=$1
  while test -n "$or_pid" && test "$or_pid" -gt 1; do
    test "$or_pid" = "$2" && return 0
    or_pid=$(or_parent "$or_pid")
  done
  return 1
}

# Sets or_main when unit $1 is loaded and runs.
or_look_at_unit() {
  or_shown=$(systemctl show -p LoadState,MainPID "$1" 2>/dev/null) || return 1
  case $or_shown in *LoadState=loaded*) ;; *) return 1 ;; esac
  or_main=$(printf '%s\n' "$or_shown" | sed -n 's/^MainPID=\([1-9][0-9]*\)$/\1/p')
  test -n "$or_main"
}

# Is the main process our Tentacle's? A script of the Tentacle runs below it; the relay, on the same machine, reads its command line.
or_is_ours() {
  test "$or_place" = tentacle && { or_below "$$" "$or_main"; return; }
  tr '\0' '\n' 2>/dev/null <"/proc/$or_main/cmdline" | awk -v wanted="$or_instance" '
    $0 == "run" { runs = 1 }
    tolower($0) == "--instance=" tolower(wanted) || (last == "--instance" && tolower($0) == tolower(wanted)) { named = 1 }
    { last = tolower($0) }
    END { exit !(runs && named) }'
}

# Finds the unit that runs this Tentacle: the control group first, else the name that Tentacle gives its unit (the instance without
# slashes, blanks as hyphens).
or_find_unit() {
  command -v systemctl >/dev/null 2>&1 || return 1
  or_group=$(sed -n 's|^.*/\([^/]*\.service\)$|\1|p' /proc/self/cgroup 2>/dev/null | tail -n 1)
  or_named=$(printf '%s' "$or_instance" | tr -d '/' | sed 's/[[:space:]][[:space:]]*/-/g').service
  for or_unit in "$or_group" "$or_named"; do
    test -n "$or_unit" || continue
    or_look_at_unit "$or_unit" && or_is_ours && return 0
  done
  or_unit=
  or_main=
  return 1
}

# Number of processes that the service itself has started and that still run: scripts.
or_children() {
  cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^.*) \([A-Za-z]\) \([0-9]*\) .*/\1 \2/p' | awk -v main="$1" '$2 == main && $1 != "Z" { n++ } END { print n + 0 }'
}

or_log_size() { wc -c <"$or_home/Logs/OctopusTentacle.txt" 2>/dev/null || echo 0; }

# The log from byte $1 on; from 0 on with the two archives before it. A log that has become shorter was rolled over: all of it is new.
or_log() {
  or_current=$or_home/Logs/OctopusTentacle.txt
  test -r "$or_current" || return 1
  if test "$1" -gt 0 && test "$(or_log_size)" -ge "$1"; then
    tail -c "+$(($1 + 1))" "$or_current"
  else
    for or_file in "$or_home/Logs/OctopusTentacle.1.txt" "$or_home/Logs/OctopusTentacle.0.txt" "$or_current"; do
      if test "$1" -gt 0 && test "$or_file" != "$or_current"; then continue; fi
      test -r "$or_file" && cat "$or_file"
    done
  fi
  return 0
}

# The set of thumbprints that the service loaded at its last start after byte $1 of the log. Fails when that cannot be told: no log, a
# start not finished, or one of a process that is not the service's any more.
or_in_force() {
  or_started=$(or_log "$1" | awk '
    { sub(/\r$/, ""); pid = ($1 ~ /^[0-9][0-9][0-9][0-9]-/ && $3 ~ /^[0-9]+$/ && $4 ~ /^[0-9]+$/) ? $3 : "" }
    { trust = index($0, "Agent will trust Octopus Servers with the thumbprint: "); none = index($0, "The agent is not configured to trust any Octopus Servers.") }
    trust || none {
      if (over || pid != last) n = m = 0
      over = 0; seen = 1; last = pid
      if (trust) { thumbprint = toupper(substr($0, trust + 54)); gsub(/^( |\302\240)+|( |\302\240)+$/, "", thumbprint); list[++n] = thumbprint }
      else n = 0
    }
    index($0, "Agent will poll Octopus Server at ") { polls[++m] = substr($0, index($0, "Agent will poll Octopus Server at ") + 34) }
    index($0, "Agent listening on: ") || index($0, "Agent will not listen on any TCP ports") { if (seen && pid == last) over = 1 }
    END { if (!seen || !over) exit 1; print "pid " last; for (i = 1; i <= n; i++) print list[i]; for (i = 1; i <= m; i++) print "poll " polls[i] }
  ') || return 1
  or_logged_pid=$(printf '%s\n' "$or_started" | sed -n '1s/^pid //p')
  if test -n "$or_logged_pid"; then
    if test -n "$or_main"; then or_below "$or_logged_pid" "$or_main" || return 1
    else test -d "/proc/$or_logged_pid" || return 1
    fi
  fi
  or_loaded=$(printf '%s\n' "$or_started" | sed '1d; /^poll /d' | sort -u)
}

# Sets or_effective for list $1: yes, no or unknown.
or_judge() {
  or_effective=unknown
  or_loaded=
  or_in_force "$2" || return 0
  if test "$or_loaded" = "$(printf '%s\n' "$1" | or_thumbprints)"; then or_effective=yes; else or_effective=no; fi
  test "$or_route" = polling && test "$or_effective" = yes || return 0
  # Which certificate it expects at which address: one twin of several may not have been there yet. Foreign entries are none of ours.
  or_other=$or_beside$or_keep
  test "$(printf '%s\n' "$or_started" | sed -n 's/^poll //p' | or_polls_started "$or_thumbprint" "$or_other")" = "$(printf '%s\n' "$1" | or_polls_wished "$or_thumbprint" "$or_other")" || or_effective=no
}

# State file: what the last restarter did, in lines name=value. Replaced as a whole, on disk before anything goes on.
or_write_state() {
  or_new_state=$or_folder/state.$$
  printf 'state=%s\nunit=%s\nrotation=%s\noperation=%s\nthumbprint=%s\n' "$1" "$or_restarter_unit" "$or_rotation" "$or_operation" "$or_thumbprint" >"$or_new_state" &&
    sync "$or_new_state" 2>/dev/null
  mv -f "$or_new_state" "$or_folder/state"
}

or_value_of() { sed -n "s/^$2=\([A-Za-z0-9-]*\)$/\1/p" "$1" 2>/dev/null | tail -n 1; }

or_state_value() { or_value_of "$or_folder/state" "$1"; }

or_unit_runs() {
  test -n "$1" || return 1
  case $(systemctl is-active "$1.service" 2>/dev/null) in active | activating | deactivating | reloading) return 0 ;; *) return 1 ;; esac
}

# One writer on this Tentacle (A38).
or_lock() {
  exec 9>"$or_folder/lock" || return 1
  flock -w "$1" 9
}
`;

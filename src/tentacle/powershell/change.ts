/** PowerShell: what the script does on the machine: observe, change only what is missing, read back, arm the restart, say the result. */
export const CHANGE = String.raw`
# Ends the script by an exception of its own, so that what is held open is closed on the way.
function Or-Finish([string]$outcome, [string]$reason) {
  $script:orOutcome = $outcome
  $word = if ($reason -eq '') { 'null' } else { $reason }
  Or-Say "$script:orOperation on $($script:orOwn): $outcome, reason $word, effective $script:orEffective, restart $script:orRestarts, last restart $script:orLast"
  if ($script:orRestartHow -ne 'here') {
    $quoted = if ($reason -eq '') { 'null' } else { '"' + $reason + '"' }
    $json = '{"rotationId":"' + $script:orRotation + '","own":"' + $script:orOwn + '","operation":"' + $script:orOperation + '","outcome":"' + $outcome + '","reason":' + $quoted + ',"before":' + (Or-Json $script:orBefore) +
      ',"after":' + (Or-Json $script:orAfter) + ',"effective":"' + $script:orEffective + '","restart":"' + $script:orRestarts + '","lastRestart":"' + $script:orLast + '","identity":"' + (Or-Identity) + '"}'
    Write-Host "octopus-rotation-result $([Convert]::ToBase64String((Or-Utf8 $json)))"
  }
  throw 'octopus-rotation-finished'
}

function Or-Observe {
  $why = Or-ReadList
  if (Or-Overridden) { Or-Finish 'refused' 'environment-override' }
  if ($why -ne '') { Or-Finish 'refused' $why }
  $script:orBefore = $script:orEntries
  $script:orAfter = $script:orEntries
  if ($script:orHome -eq '') { $script:orHome = $script:orHomeThere }
  $script:orFolder = [IO.Path]::Combine($script:orHome, 'OctopusRotation')
  $script:orEffective = Or-Judge $script:orEntries 0
  $script:orLast = 'none'
  $state = Or-StateValue 'state'
  if ('good', 'reverted', 'deferred', 'failed' -ccontains $state) { $script:orLast = $state }
  elseif ($state -eq 'armed') {
    # A restarter that ended without a word was killed, or the machine was restarted with it.
    if (Or-RestarterRuns) { $script:orLast = 'running' } elseif ($script:orEffective -eq 'yes') { $script:orLast = 'good' } else { $script:orLast = 'failed' }
  }
}

# Can a restart be detached here? Tried for real with a task that only leaves a mark, before anything is written (D15).
function Or-CanDetach {
  $mark = Or-FolderFile 'checked'
  try {
    [IO.File]::Delete($mark)
    $file = Or-ScriptFile 'check.ps1' '[IO.File]::WriteAllText([IO.Path]::Combine([IO.Path]::GetDirectoryName($MyInvocation.MyCommand.Path), ''checked''), '''')'
    $started = Or-StartTask "$script:orTask-check" $file
    $until = (Or-Uptime) + 60
    while ($started -and -not [IO.File]::Exists($mark) -and (Or-Uptime) -lt $until) { Start-Sleep -Milliseconds 200 }
    Or-Schtasks @('/Delete', '/TN', "$script:orTask-check", '/F')
    return [IO.File]::Exists($mark)
  } catch { return $false }
}

function Or-EndEarlierRestarter {
  if ((Or-StateValue 'state') -ne 'armed' -or -not (Or-RestarterRuns)) { return $true }
  $earlier = Or-StateValue 'unit'
  Or-Say "an earlier restarter is ended: $earlier"
  Or-Schtasks @('/End', '/TN', $earlier)
  Or-Schtasks @('/Delete', '/TN', $earlier, '/F')
  $held = Or-Hold 'running' 30
  if ($null -eq $held) { return $false }
  $held.Dispose()
  return $true
}

# The restarter is this same text with what has been found out; it says that it lives by the file that it holds.
function Or-Arm {
  try {
    foreach ($one in [IO.Directory]::GetFiles($script:orFolder, 'restart-*.ps1')) { [IO.File]::Delete($one) }
    $script:orCopy = Or-FolderFile "restart-$script:orRotation-$script:orFence-$script:orOperation.ps1"
    $script:orWished = Or-Lines $script:orAfter
    $known = foreach ($name in @('orExecutable', 'orInstance', 'orHome', 'orFolder', 'orCopy', 'orService', 'orTask', 'orPort', 'orNoListen', 'orWished', 'orOld', 'orConfiguration', 'orOwn')) { '$script:' + $name + ' = ' + (Or-Quoted (Get-Variable -Name $name -Scope Script -ValueOnly)) }
    $inverse = '$script:orInverse = @(' + (@($script:orInverse | ForEach-Object { Or-Quoted $_ }) -join ', ') + ')'
    $null = Or-ScriptFile ([IO.Path]::GetFileName($script:orCopy)) ((@($script:orBody, $script:orSettings) + @($known) + @($inverse, 'Or-TaskMain')) -join [char]10)
    Or-WriteState 'armed'
    if (-not (Or-StartTask $script:orTask $script:orCopy)) { return $false }
  } catch { return $false }
  $until = (Or-Uptime) + 60
  while ((Or-Uptime) -lt $until) {
    if ((Or-StateValue 'state') -ne 'armed' -or (Or-RestarterRuns)) { return $true }
    Start-Sleep -Milliseconds 200
  }
  return $false
}

function Or-RestartHere([string]$outcome) {
  $script:orWished = Or-Lines $script:orAfter
  Or-Say 'the Tentacle is restarted once no script runs there; this may take minutes'
  Or-WriteState 'armed'
  # As for the detached one the lock is free meanwhile; the way back takes it again.
  $script:orLock.Dispose()
  $script:orLast = Or-RestartMain
  Or-WriteState $script:orLast
  $null = Or-LookAtService
  if ((Or-ReadList) -eq '') { $script:orAfter = $script:orEntries }
  $script:orEffective = Or-Judge $script:orAfter 0
  if ($script:orLast -ne 'good') { Or-Finish 'failed' "restart-$script:orLast" }
  Or-Finish $outcome ''
}

function Or-Change {
  if (-not (Or-ReadOwn)) {
    Or-Say 'this Tentacle does not tell its own thumbprint, so nothing was done'
    throw 'octopus-rotation-unknown'
  }
  $script:orTask = "octopus-rotation-$script:orRotation-$script:orFence-$script:orOperation-$($script:orOwn.Substring(0, 8))"
  $found = Or-FindService
  Or-Observe
  if ($script:orOperation -eq 'observe') { Or-Finish 'unchanged' '' }
  if (-not (Or-IsElevated)) { Or-Finish 'refused' 'not-elevated' }
  if ($script:orRestartHow -ne 'none' -and -not $found) { Or-Finish 'refused' 'service-unknown' }
  if (-not (Or-PrepareFolder)) { Or-Finish 'refused' 'no-state-folder' }
  $script:orLock = Or-Hold 'lock' 90
  if ($null -eq $script:orLock) { Or-Finish 'failed' 'busy' }
  # Once more, now that nobody else writes.
  Or-Observe
  Or-Plan
  if (-not $script:orChange) {
    if ($script:orEffective -eq 'yes') {
      $script:orRestarts = 'not-needed'
      Or-Finish 'unchanged' ''
    }
    if ($script:orRestartHow -eq 'none') { Or-Finish 'unchanged' '' }
    if ($script:orRestartHow -eq 'detached' -and $script:orLast -eq 'running' -and (Or-Same "$(Or-StateValue 'rotation') $(Or-StateValue 'operation') $(Or-StateValue 'thumbprint')" "$script:orRotation $script:orOperation $script:orThumbprint")) {
      $script:orRestarts = 'armed'
      Or-Finish 'unchanged' ''
    }
  }
  if ($script:orRestartHow -eq 'detached' -and -not (Or-CanDetach)) { Or-Finish 'refused' 'no-detached-restart' }
  if (-not (Or-EndEarlierRestarter)) { Or-Finish 'failed' 'busy' }
  $outcome = 'unchanged'
  if ($script:orChange) {
    Or-WriteState 'pending'
    $why = Or-Apply
    if ((Or-ReadList) -ne '') { Or-Finish 'failed' 'read-back-differs' }
    $script:orAfter = $script:orEntries
    $script:orEffective = Or-Judge $script:orAfter 0
    # What counts is what is stored, whatever the command said (A37).
    if (-not (Or-Same (Or-Lines $script:orAfter) $script:orExpected)) {
      if ($why -eq '') { $why = 'read-back-differs' }
      Or-Finish 'failed' $why
    }
    $outcome = 'changed'
  }
  else { Or-PlanBack }
  if ($script:orEffective -eq 'yes') {
    $script:orRestarts = 'not-needed'
    Or-Finish $outcome ''
  }
  if ($script:orRestartHow -eq 'none') { Or-Finish $outcome '' }
  if ($script:orRestartHow -eq 'here') { Or-RestartHere $outcome }
  if (Or-Arm) {
    $script:orRestarts = 'armed'
    Or-Finish $outcome ''
  }
  # Written, but no restart to be had after all: back to what it was.
  if ($outcome -eq 'changed') { Or-Undo }
  Or-WriteState 'failed'
  if ((Or-ReadList) -eq '') { $script:orAfter = $script:orEntries }
  $script:orEffective = Or-Judge $script:orAfter 0
  Or-Finish 'failed' 'no-detached-restart'
}

# Exit code of the script: 0 whenever the result could be said; in front of a person, whether the machine is as wished.
function Or-Main {
  $code = 1
  try { Or-Change } catch {
    if ($_.Exception.Message -eq 'octopus-rotation-finished') {
      $code = 0
      if ($script:orRestartHow -eq 'here' -and $script:orOutcome -ne 'changed' -and $script:orOutcome -ne 'unchanged') { $code = 1 }
    }
    elseif ($_.Exception.Message -ne 'octopus-rotation-unknown') { Or-Say "it could not go on: $($_.Exception.Message)" }
  } finally { if ($null -ne $script:orLock) { $script:orLock.Dispose() } }
  $script:orCode = $code
}
`;

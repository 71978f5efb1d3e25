/** PowerShell: what one script does about the Tentacle's own certificate, and the line that says it; as bash/certificate.ts. */
export const CERTIFICATE = String.raw`
function Or-TextOrNull([string]$text) { if ($text -eq '') { return 'null' }; return '"' + $text + '"' }

# Ends the script by an exception of its own, so that what is held open is closed on the way.
function Or-Finish([string]$outcome, [string]$reason) {
  Or-Recall
  Or-ObserveState
  $c = $script:orC
  $word = if ($reason -eq '') { 'null' } else { $reason }
  Or-Say "$script:orOperation on $($script:orOwn): $outcome, reason $word, note $($c.state), job $script:orJob, in force $script:orServes"
  $left = if ($script:orLeft -lt 0) { 'null' } else { [string]$script:orLeft }
  $free = Or-FreeKilobytes $script:orHome
  $free = if ($free -lt 0) { 'null' } else { [string]$free }
  $clock = [long]([DateTime]::UtcNow - (New-Object DateTime (1970, 1, 1, 0, 0, 0, [DateTimeKind]::Utc))).TotalSeconds
  $json = '{"rotationId":"' + $script:orRotation + '","own":"' + $script:orOwn + '","operation":"' + $script:orOperation + '","outcome":"' + $outcome + '","reason":' + (Or-TextOrNull $reason) +
    ',"state":"' + $c.state + '","why":' + (Or-TextOrNull $c.why) + ',"noteOf":' + (Or-TextOrNull $c.rotation) + ',"old":' + (Or-TextOrNull $c.old) + ',"new":' + (Or-TextOrNull $c.new) + ',"signature":' + (Or-TextOrNull $c.signature) +
    ',"job":"' + $script:orJob + '","secondsLeft":' + $left + ',"inForce":' + (Or-TextOrNull $script:orServes) + ',"wayBack":"' + $script:orWayBack + '","pending":"' + $script:orPending +
    '","trusted":' + (Or-Json $script:orEntries) + ',"freeKilobytes":' + $free + ',"clock":' + $clock + ',"identity":"' + (Or-Identity) + '"}'
  Write-Host "octopus-rotation-certificate-result $([Convert]::ToBase64String((Or-Utf8 $json)))"
  throw 'octopus-rotation-finished'
}

# What there is now, told with every result: nothing of it is taken from what an earlier run meant to do.
function Or-ObserveState {
  $known = $script:orOwn
  if (-not (Or-ReadOwn)) { $script:orOwn = $known }
  $null = Or-ReadList
  $script:orJob = 'none'; $script:orLeft = -1; $script:orServes = ''; $script:orPending = 'none'; $script:orWayBack = 'none'
  if ($script:orC.unit -ne '') { if (Or-JobRuns) { $script:orJob = 'runs' } elseif (Or-JobIsThere) { $script:orJob = 'stopped' } }
  if ($script:orC.state -eq 'switched' -and (Or-Same $script:orC.boot (Or-BootId))) { $script:orLeft = [Math]::Max(0, [long]$script:orC.deadline - (Or-BootSeconds)) }
  if (Or-LookAtService) {
    $script:orServes = Or-Shown
    # Without a listener: what the file holds is in force, if the service began after it was exchanged or if it never was.
    if ($script:orServes -eq '' -and (@('switched', 'reverting', 'switching', 'failed') -cnotcontains $script:orC.state -or (Or-ReadSince))) { $script:orServes = $script:orOwn }
  }
  if ($script:orConfiguration -ne '' -and [IO.File]::Exists((Or-CertFile 'old-certificate')) -and (Or-Which) -ne 'other') { $script:orWayBack = 'kept' }
  if ((Or-StateValue 'state') -eq 'armed' -and (Or-RestarterRuns)) { $script:orPending = 'restart' }
}

function Or-Open {
  if (-not (Or-PrepareFolder)) { Or-Finish 'refused' 'no-state-folder' }
  try {
    $null = [IO.Directory]::CreateDirectory($script:orCert)
    if (((Get-Item -LiteralPath $script:orCert -Force).Attributes -band [IO.FileAttributes]::ReparsePoint) -ne 0) { throw 'link' }
    if (-not $script:orWindows -and (Or-Run 'chmod' @('0700', $script:orCert)).Code -ne 0) { throw 'mode' }
    $ready = $true
  } catch { $ready = $false }
  if (-not $ready) { Or-Finish 'refused' 'no-state-folder' }
  $script:orLock = Or-Hold 'lock' 90
  if ($null -eq $script:orLock) { Or-Finish 'failed' 'busy' }
  Or-Recall
}

function Or-Stage {
  Or-Open
  if ($script:orC.state -eq 'staged' -and (Or-Same $script:orC.rotation $script:orRotation) -and (Or-Which) -eq 'old') { Or-Finish 'unchanged' '' }
  if (@('armed', 'switching', 'switched', 'reverting', 'failed') -ccontains $script:orC.state) { Or-Finish 'refused' 'not-finished' }
  if (-not (Or-HasRoom)) { Or-Finish 'refused' 'disk-full' }
  foreach ($name in $script:orNames) { $script:orC[$name] = '' }
  $script:orC.rotation = $script:orRotation
  if (-not (Or-Note 'none' '')) { Or-Finish 'failed' 'write-failed' }
  $why = ''
  try { Or-Make } catch { $why = $_.Exception.Message; if ($why -notmatch '^[a-z0-9]+(-[a-z0-9]+)+$') { $why = 'write-failed' } }
  if ($why -ne '') {
    Or-Clear
    if ($why -match '^(too-old|sha1-certificate|no-way-back|disk-full|configuration-[a-z]+|duplicate-key)$') { Or-Finish 'refused' $why }
    Or-Finish 'failed' $why
  }
  if (-not (Or-Note 'staged' '')) { Or-Clear; Or-Finish 'failed' 'write-failed' }
  Or-Finish 'changed' ''
}

function Or-ArmJob {
  Or-Open
  $mine = (Or-Same $script:orC.rotation $script:orRotation) -and (Or-Same $script:orC.new $script:orThumbprint)
  $state = $script:orC.state
  if ($mine -and @('armed', 'switching', 'switched') -ccontains $state) {
    if ((Or-JobRuns) -and (Or-JobIsThere)) { Or-Finish 'unchanged' '' }
    $why = Or-InstallJob
    if ($why -ne '') { Or-Finish 'failed' $why }
    Or-Finish 'changed' ''
  }
  if (@('armed', 'switching', 'switched', 'reverting', 'failed') -ccontains $state) { Or-Finish 'refused' 'not-finished' }
  if (-not $mine -or $state -ne 'staged') { Or-Finish 'refused' 'not-staged' }
  if ((Or-Which) -ne 'old') { Or-Finish 'refused' 'configuration-changed' }
  if ((Or-StateValue 'state') -eq 'armed' -and (Or-RestarterRuns)) { Or-Finish 'refused' 'busy' }
  $script:orC.unit = "octopus-rotation-certificate-$($script:orC.old.Substring(0, 8))"
  # The note first: a job that started without it would find nothing to do.
  if (-not (Or-Note 'armed' '')) { Or-Finish 'failed' 'write-failed' }
  $why = Or-InstallJob
  if ($why -eq '') { Or-Finish 'changed' '' }
  Or-Schtasks @('/End', '/TN', $script:orC.unit)
  Or-RemoveJob
  foreach ($name in @('job.ps1', 'reserve')) { try { [IO.File]::Delete((Or-CertFile $name)) } catch { } }
  $script:orC.unit = ''
  $null = Or-Note 'staged' ''
  if ($why -eq 'no-detached-job') { Or-Finish 'refused' $why }
  Or-Finish 'failed' $why
}

# Only the certificate that is wished, and only where it is in force, is left to stay.
function Or-Disarm {
  Or-Open
  Or-ObserveState
  if (-not (Or-Same $script:orOwn $script:orThumbprint)) { Or-Finish 'refused' 'other-certificate' }
  $before = $script:orC.state
  if (@('reverting', 'failed') -ccontains $before) { Or-Finish 'refused' 'not-finished' }
  if ($before -eq 'none') { Or-Finish 'unchanged' '' }
  if (@('armed', 'switching', 'switched') -ccontains $before -and -not (Or-Same $script:orServes $script:orThumbprint)) { Or-Finish 'refused' 'not-in-force' }
  if ($before -ne 'disarmed' -and -not (Or-Note 'disarmed' '')) { Or-Finish 'failed' 'write-failed' }
  if ($script:orC.unit -ne '') {
    # A job that sees the note ends by itself; one that does not is ended.
    $until = (Or-Uptime) + 10
    while ((Or-JobRuns) -and (Or-Uptime) -lt $until) { Start-Sleep -Milliseconds 300 }
    if (Or-JobRuns) { Or-Schtasks @('/End', '/TN', $script:orC.unit) }
    Or-RemoveJob
  }
  Or-Clear
  if ((Or-JobRuns) -or (Or-JobIsThere) -or [IO.File]::Exists((Or-CertFile 'old-certificate'))) { Or-Finish 'failed' 'still-armed' }
  if ($before -eq 'disarmed') { Or-Finish 'unchanged' '' }
  Or-Finish 'changed' ''
}

function Or-Revert {
  Or-Open
  $state = $script:orC.state
  if ($state -eq 'staged') {
    Or-Clear
    if (-not (Or-Note 'none' '')) { Or-Finish 'failed' 'write-failed' }
    Or-Finish 'changed' ''
  }
  if ($state -eq 'reverted' -or $state -eq 'not-switched') { Or-Finish 'unchanged' '' }
  if (@('armed', 'switching', 'switched', 'failed', 'reverting') -cnotcontains $state -or -not [IO.File]::Exists((Or-CertFile 'old-certificate'))) { Or-Finish 'refused' 'nothing-to-revert' }
  if ($state -ne 'reverting' -and -not (Or-Note 'reverting' 'asked')) { Or-Finish 'failed' 'write-failed' }
  if (-not (Or-JobRuns) -or -not (Or-JobIsThere)) {
    $why = Or-InstallJob
    if ($why -ne '') { Or-Finish 'failed' $why }
  }
  if ($script:orPlace -ne 'host') { Or-Finish 'changed' '' }
  # Nobody's script is in the way: it is seen to its end.
  Or-Unlock
  $until = (Or-Uptime) + $script:orWatchSeconds + $script:orIdleSeconds + 60
  do { Start-Sleep -Milliseconds 500; Or-Recall } while ($script:orC.state -eq 'reverting' -and (Or-Uptime) -lt $until)
  while ($script:orC.state -eq 'reverted' -and (Or-JobRuns) -and (Or-Uptime) -lt $until) { Start-Sleep -Milliseconds 300 }
  if ($script:orC.state -eq 'reverted') { Or-Finish 'changed' '' }
  if ($script:orC.state -eq 'reverting') { Or-Finish 'failed' 'busy' }
  Or-Finish 'failed' 'revert-failed'
}

function Or-Do {
  $script:orListenIp = ''; $script:orC = @{}
  if (-not (Or-ReadOwn)) {
    Or-Say 'this Tentacle does not tell its own thumbprint, so nothing was done'
    throw 'octopus-rotation-unknown'
  }
  $why = Or-ReadList
  if ($script:orHome -eq '') { $script:orHome = $script:orHomeThere }
  $script:orFolder = [IO.Path]::Combine($script:orHome, 'OctopusRotation')
  $script:orCert = [IO.Path]::Combine($script:orFolder, 'certificate')
  $found = Or-FindService
  $located = Or-Locate
  if ($script:orOperation -eq 'look') { Or-Finish 'unchanged' '' }
  if (Or-Overridden) { Or-Finish 'refused' 'environment-override' }
  if ($why -ne '') { Or-Finish 'refused' $why }
  if (-not $located) { Or-Finish 'refused' 'no-configuration-file' }
  if (-not (Or-IsElevated)) { Or-Finish 'refused' 'not-elevated' }
  if (-not $found) { Or-Finish 'refused' 'service-unknown' }
  if ($script:orOperation -eq 'observe') {
    if (-not (Or-HasRoom)) { Or-Finish 'refused' 'disk-full' }
    Or-Finish 'unchanged' ''
  }
  if ($script:orOperation -eq 'stage') { Or-Stage }
  if ($script:orOperation -eq 'arm') { Or-ArmJob }
  if ($script:orOperation -eq 'disarm') { Or-Disarm }
  if ($script:orOperation -eq 'revert') { Or-Revert }
}

# Exit code of the script: 0 whenever the result could be said.
function Or-Main {
  $script:orCode = 1
  try { Or-Do } catch {
    if ($_.Exception.Message -eq 'octopus-rotation-finished') { $script:orCode = 0 }
    elseif ($_.Exception.Message -ne 'octopus-rotation-unknown') { Or-Say "it could not go on: $($_.Exception.Message)" }
  } finally { Or-Unlock }
}
`;

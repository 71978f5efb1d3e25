/** PowerShell: the restarter, the net under every restart (rule 3). Runs in a scheduled task as SYSTEM, after the script has ended. */
export const RESTARTER = String.raw`
# Watches until service, port and start-up log (from byte $offset on) are right for that list.
function Or-Watch([string]$lines, [long]$offset) { return Or-WatchUntil 'Or-ServesList' @($lines, $offset) }

function Or-ServesList([string]$lines, [long]$offset) {
  if (-not [IO.File]::Exists((Or-LogFile 'OctopusTentacle.txt'))) { return $true }
  return (Or-ReadList) -eq '' -and (Or-Same (Or-Lines $script:orEntries) $lines) -and (Or-Judge $script:orEntries $offset) -eq 'yes'
}

# The old list comes back only if the list is still exactly what was written (compare-and-swap).
function Or-PutBack {
  if ($script:orInverse.Count -eq 0) { return $false }
  $lock = Or-Hold 'lock' 60
  if ($null -eq $lock) { return $false }
  try {
    if ((Or-ReadList) -ne '' -or -not (Or-Same (Or-Lines $script:orEntries) $script:orWished)) { return $false }
    Or-Undo
    return (Or-ReadList) -eq '' -and (Or-Same (Or-Lines $script:orEntries) $script:orOld)
  } finally { $lock.Dispose() }
}

# Gives the word for the state file.
function Or-RestartMain {
  Start-Sleep -Seconds $script:orDelaySeconds
  if (-not (Or-WaitUntilIdle)) { return 'deferred' }
  $offset = Or-LogSize
  Or-Restart
  if (Or-Watch $script:orWished $offset) { return 'good' }
  $offset = Or-LogSize
  if (Or-PutBack) {
    Or-Restart
    if (Or-Watch $script:orOld $offset) { return 'reverted' }
  }
  else {
    $service = Or-ServiceNow
    if ($null -eq $service -or $service.State -ne 'Running') { Or-Restart }
  }
  return 'failed'
}

# The whole of the scheduled task.
function Or-TaskMain {
  $running = Or-Hold 'running' 30
  if ($null -eq $running) { return }
  try {
    $word = 'failed'
    try { $word = Or-RestartMain } finally { Or-WriteState $word }
  } finally {
    $running.Dispose()
    Or-Schtasks @('/Delete', '/TN', $script:orTask, '/F')
    [IO.File]::Delete($script:orCopy)
  }
}
`;

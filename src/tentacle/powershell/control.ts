/** PowerShell: whether the service serves, whether scripts run on it, how it is started whatever it was, and the task scheduler. */
export const CONTROL = String.raw`
# Does the port wait for connections? Asked of the machine, without a connection that would leave an Error in the Tentacle's log.
function Or-PortListens {
  if ($script:orNoListen -eq 'true' -or $script:orPort -eq '') { return $true }
  foreach ($one in [Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties().GetActiveTcpListeners()) { if ($one.Port -eq [int]$script:orPort) { return $true } }
  return $false
}

# Waits until no script runs on this Tentacle at two looks in a row. A limit, after which nothing is forced.
function Or-WaitUntilIdle {
  $until = (Or-Uptime) + $script:orIdleSeconds
  $quiet = 0
  while ($true) {
    if ((Or-LookAtService) -and (Or-Children) -gt 0) { $quiet = 0 } else { $quiet++ }
    if ($quiet -ge 2) { return $true }
    if ((Or-Uptime) -ge $until) { return $false }
    Start-Sleep -Seconds 1
  }
}

# Watches until the service runs, its port listens, and the function named finds it right. Gives up early when the service stays down.
function Or-WatchUntil([string]$isRight, [object[]]$arguments) {
  $until = (Or-Uptime) + $script:orWatchSeconds
  $down = 0
  while ($true) {
    $service = Or-ServiceNow
    if ($null -ne $service -and $service.State -eq 'Running') {
      $down = 0
      $null = Or-LookAtService
      if ((Or-PortListens) -and (& $isRight @arguments)) { return $true }
    }
    elseif ($null -eq $service -or $service.State -eq 'Stopped') { $down++; if ($down -ge 5) { return $false } }
    if ((Or-Uptime) -ge $until) { return $false }
    Start-Sleep -Seconds 1
  }
}

# Stopping and starting is the form that also starts a stopped service; its exit code says nothing (tentacle-trust.md section 3).
function Or-Restart { $null = Or-Tentacle @('service', '--stop', '--start') }

function Or-Schtasks([string[]]$arguments) { $script:orScheduled = (Or-Run $script:orScheduler $arguments).Code -eq 0 }
`;

/**
 * PowerShell: the dead-man's switch, as bash/certificate-job.ts. One scheduled task as SYSTEM, begun by hand, at each start of the machine, and
 * every minute where it does not run: so it begins again at its last note, whatever killed it.
 */
export const CERTIFICATE_JOB = String.raw`
# Seconds of a clock that never jumps and is the same for every process of this boot.
function Or-BootSeconds { return [long]([Diagnostics.Stopwatch]::GetTimestamp() / [Diagnostics.Stopwatch]::Frequency) }

# The first process of Windows began when the machine did; that moment is never set anew with the clock.
function Or-BootId {
  if (-not $script:orWindows) { return (Or-Run 'cat' @('/proc/sys/kernel/random/boot_id')).Out.Trim() }
  try { return [string](Get-CimInstance -ClassName Win32_Process -Filter 'ProcessId = 4' -ErrorAction Stop).CreationDate.ToUniversalTime().Ticks } catch { return 'unknown' }
}

# The certificate that the listener shows; '' where it does not listen. Asked as a browser asks, which ends in order in the Tentacle's log.
function Or-Shown {
  if ($script:orNoListen -eq 'true' -or $script:orPort -eq '') { return '' }
  $client = New-Object Net.Sockets.TcpClient
  try {
    $address = '127.0.0.1'
    if ($script:orListenIp -ne '' -and $script:orListenIp -ne '::' -and $script:orListenIp -ne '0.0.0.0') { $address = $script:orListenIp }
    $client.ReceiveTimeout = 5000
    $client.SendTimeout = 5000
    $client.Connect($address, [int]$script:orPort)
    $stream = New-Object Net.Security.SslStream ($client.GetStream(), $false, ([Net.Security.RemoteCertificateValidationCallback] { $true }))
    $stream.AuthenticateAsClient('localhost', $null, [Security.Authentication.SslProtocols]::Tls12, $false)
    $thumbprint = $stream.RemoteCertificate.GetCertHashString().ToUpperInvariant()
    try {
      $hello = [Text.Encoding]::ASCII.GetBytes('GET / HTTP/1.0' + [char]13 + [char]10 + [char]13 + [char]10)
      $stream.Write($hello, 0, $hello.Length)
      $buffer = New-Object byte[] 4096
      while ($stream.Read($buffer, 0, 4096) -gt 0) { }
    } catch { }
    return $thumbprint
  } catch { return '' } finally { $client.Close() }
}

# Did the service that runs begin after the certificate was exchanged? Then it has read what the file holds now.
function Or-ReadSince {
  if (-not (Or-Same $script:orC.boot (Or-BootId))) { return $true }
  if (-not (Or-LookAtService) -or $script:orC.switched -eq '') { return $false }
  $process = Get-Process -Id $script:orMain -ErrorAction SilentlyContinue
  if ($null -eq $process) { return $false }
  # Its age, by the same clock that gave it its beginning; a clock that was set since makes it wrong, and one restart too many of it.
  $age = [long]([DateTime]::UtcNow - $process.StartTime.ToUniversalTime()).TotalSeconds
  return $age -ge 0 -and (Or-BootSeconds) - $age -gt [long]$script:orC.switched
}

# Watches until service, port and start-up log are right, and the listener, where there is one, shows that certificate.
function Or-WatchCertificate([string]$thumbprint) { return Or-WatchUntil 'Or-ServesCertificate' @($thumbprint) }

function Or-ServesCertificate([string]$thumbprint) {
  $shown = Or-Shown
  if ($shown -ne '' -and -not (Or-Same $shown $thumbprint)) { return $false }
  return -not [IO.File]::Exists((Or-LogFile 'OctopusTentacle.txt')) -or $null -ne (Or-InForce 0)
}

# Takes the lock and looks again: false unless the note is still that one.
function Or-Still([string]$state) {
  $script:orLock = Or-Hold 'lock' 60
  if ($null -eq $script:orLock) { return $false }
  Or-Recall
  if ($script:orC.state -eq $state) { return $true }
  Or-Unlock
  return $false
}

function Or-Unlock { if ($null -ne $script:orLock) { $script:orLock.Dispose(); $script:orLock = $null } }

function Or-JobWait {
  $moment = (Or-Uptime) + $script:orDelaySeconds
  while ((Or-Uptime) -lt $moment) {
    Start-Sleep -Seconds 1
    Or-Recall
    if ($script:orC.state -ne 'armed') { return }
  }
  $next = 'switching'; $why = ''
  if (-not (Or-WaitUntilIdle)) { $next = 'not-switched'; $why = 'scripts-running' }
  if (-not (Or-Still 'armed')) { return }
  $null = Or-Note $next $why
  Or-Unlock
}

function Or-SetDeadline {
  $script:orC.boot = Or-BootId
  $script:orC.deadline = [string]((Or-BootSeconds) + $script:orConfirmSeconds)
}

function Or-JobSwitch {
  if (-not (Or-Still 'switching')) { return }
  $which = Or-Which
  $why = ''
  if ($which -eq 'old') { $why = Or-ExchangeCertificate 'old' 'new' } elseif ($which -ne 'new') { $why = 'configuration-changed' }
  if ($why -ne '') {
    if (@('configuration-changed', 'write-failed', 'not-writable') -cnotcontains $why) { $why = 'configuration-changed' }
    $null = Or-Note 'not-switched' $why
  } else {
    $script:orC.switched = [string](Or-BootSeconds)
    Or-SetDeadline
    $null = Or-Note 'switched' ''
  }
  Or-Unlock
}

# After a restart of the machine the time begins again.
function Or-JobWatch {
  if (-not (Or-Same $script:orC.boot (Or-BootId))) {
    if (-not (Or-Still 'switched')) { return }
    $script:orC.switched = '0'
    Or-SetDeadline
    $null = Or-Note 'switched' ''
    Or-Unlock
  }
  if (-not (Or-ReadSince)) { Or-Restart }
  $why = 'not-confirmed'
  if (Or-WatchCertificate $script:orC.new) {
    while ((Or-BootSeconds) -lt [long]$script:orC.deadline) {
      Start-Sleep -Seconds 1
      Or-Recall
      if ($script:orC.state -ne 'switched') { return }
    }
  } else { $why = 'service-failed' }
  if (-not (Or-Still 'switched')) { return }
  $null = Or-Note 'reverting' $why
  Or-Unlock
}

function Or-JobRevert {
  # Asked by a script of this very Tentacle, which first has to be heard out.
  if ($script:orC.why -eq 'asked') { $null = Or-WaitUntilIdle }
  if (-not (Or-Still 'reverting')) { return }
  try { [IO.File]::Delete((Or-CertFile 'reserve')) } catch { }
  $which = Or-Which
  if ($which -eq 'new' -and (Or-ExchangeCertificate 'new' 'old') -ne '') { Or-Unlock; Start-Sleep -Seconds 9; return }
  if ($which -eq 'other') { $null = Or-Note 'failed' 'configuration-changed'; Or-Unlock; return }
  Or-Unlock
  $ending = 'reverted'; $why = $script:orC.why
  # Without an exchange before, the service has never seen another certificate.
  if ($script:orC.switched -ne '') {
    Or-Restart
    if (-not (Or-WatchCertificate $script:orC.old)) { $ending = 'failed'; $why = 'service-failed' }
  }
  if (-not (Or-Still 'reverting')) { return }
  $null = Or-Note $ending $why
  Or-Unlock
}

# The whole of the scheduled task. It says that it lives by the file that it holds.
function Or-JobMain {
  $running = Or-Hold 'certificate-running' 5
  if ($null -eq $running) { return }
  try {
    while ($true) {
      Or-Recall
      $state = $script:orC.state
      try {
        if ($state -eq 'armed') { Or-JobWait }
        elseif ($state -eq 'switching') { Or-JobSwitch }
        elseif ($state -eq 'switched') { Or-JobWatch }
        elseif ($state -eq 'reverting') { Or-JobRevert }
        else { break }
      } catch { Or-Unlock }
      # What could not be done, for a lock or a full disk, is tried again.
      Start-Sleep -Seconds 1
    }
    # The task goes; after a failure what leads back stays, to be tried again.
    if ($script:orC.state -ne 'failed') { Or-Clear }
    Or-RemoveJob
  } finally { $running.Dispose() }
}

function Or-RemoveJob { if ($script:orC.unit -ne '') { Or-Schtasks @('/Delete', '/TN', $script:orC.unit, '/F') } }

# Is the task there? By its exit code: what is printed speaks the language of the machine.
function Or-JobIsThere {
  if ($script:orC.unit -eq '') { return $false }
  Or-Schtasks @('/Query', '/TN', $script:orC.unit)
  return $script:orScheduled
}

function Or-JobRuns {
  if ($script:orFolder -eq '' -or -not [IO.Directory]::Exists($script:orFolder)) { return $false }
  $held = Or-Hold 'certificate-running' 0
  if ($null -eq $held) { return $true }
  $held.Dispose()
  return $false
}

# Writes the job and its task, starts it, and waits until it lives. Gives '' or the reason.
function Or-InstallJob {
  try {
    $known = foreach ($name in @('orExecutable', 'orInstance', 'orHome', 'orFolder', 'orCert', 'orService', 'orPort', 'orNoListen', 'orListenIp', 'orConfiguration', 'orOwn')) { '$script:' + $name + ' = ' + (Or-Quoted (Get-Variable -Name $name -Scope Script -ValueOnly)) }
    $file = Or-CertFile 'job.ps1'
    Or-WriteFile $file ([byte[]](@(239, 187, 191) + (Or-Utf8 ((@($script:orBody, $script:orSettings) + @($known) + @('Or-JobMain')) -join [char]10))))
    Or-WriteFile (Or-CertFile 'reserve') (New-Object byte[] 262144)
  } catch { return 'write-failed' }
  $triggers = '<Triggers><BootTrigger><Enabled>true</Enabled></BootTrigger><TimeTrigger><Repetition><Interval>PT1M</Interval></Repetition><StartBoundary>2000-01-01T00:00:00</StartBoundary><Enabled>true</Enabled></TimeTrigger></Triggers>'
  if (-not (Or-StartTask $script:orC.unit $file $triggers 'PT0S')) { return 'no-detached-job' }
  $until = (Or-Uptime) + 60
  while ((Or-Uptime) -lt $until) {
    if (Or-JobRuns) { return '' }
    Start-Sleep -Milliseconds 200
  }
  return 'no-detached-job'
}
`;

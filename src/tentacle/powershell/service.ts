/** PowerShell: the Windows service that runs the Tentacle, what its start-up log says it loaded, the state file and the locks beside it. */
export const SERVICE = String.raw`
# Seconds of a clock that never jumps.
function Or-Uptime { return [int]($script:orClock.ElapsedMilliseconds / 1000) }

function Or-ServiceNow { return Get-CimInstance -ClassName Win32_Service -Filter "Name = '$($script:orService.Replace("'", "\'"))'" -ErrorAction SilentlyContinue }

# Sets the process of the service; 0 when it does not run.
function Or-LookAtService {
  $service = Or-ServiceNow
  $script:orMain = 0
  if ($null -eq $service) { return $false }
  $script:orMain = [int]$service.ProcessId
  return $script:orMain -gt 0
}

# The service of this instance. A script of the Tentacle must run below it: a service that is only called so is not guessed (D15).
function Or-FindService {
  $script:orService = 'OctopusDeploy Tentacle'
  if ($script:orInstance -ne 'Tentacle') { $script:orService = "OctopusDeploy Tentacle: $script:orInstance" }
  if (-not (Or-LookAtService)) { return $false }
  if ($script:orPlace -ne 'tentacle') { return $true }
  $parents = @{}
  foreach ($one in Get-CimInstance -ClassName Win32_Process -ErrorAction SilentlyContinue) { $parents[[int]$one.ProcessId] = [int]$one.ParentProcessId }
  $id = $PID
  for ($n = 0; $n -lt 40 -and $id -gt 0; $n++) {
    if ($id -eq $script:orMain) { return $true }
    $id = $parents[$id]
  }
  return $false
}

# Number of processes that the service itself has started and that still run: scripts.
function Or-Children {
  $n = 0
  foreach ($one in Get-CimInstance -ClassName Win32_Process -Filter "ParentProcessId = $script:orMain" -ErrorAction SilentlyContinue) {
    if ($one.Name -ne 'conhost.exe' -and [int]$one.ProcessId -ne $script:orMain) { $n++ }
  }
  return $n
}

function Or-LogFile([string]$name) { return [IO.Path]::Combine($script:orHome, 'Logs', $name) }

function Or-LogSize {
  $file = Or-LogFile 'OctopusTentacle.txt'
  if ([IO.File]::Exists($file)) { return (New-Object IO.FileInfo $file).Length }
  return 0
}

function Or-ReadShared([string]$file, [long]$offset) {
  $stream = New-Object IO.FileStream ($file, [IO.FileMode]::Open, [IO.FileAccess]::Read, ([IO.FileShare]::ReadWrite -bor [IO.FileShare]::Delete))
  try {
    $null = $stream.Seek($offset, [IO.SeekOrigin]::Begin)
    return (New-Object IO.StreamReader ($stream, [Text.Encoding]::UTF8)).ReadToEnd()
  } finally { $stream.Dispose() }
}

# The log from byte $offset on; from 0 on with the two archives before it. A log that has become shorter was rolled over: all of it is new.
function Or-Log([long]$offset) {
  $current = Or-LogFile 'OctopusTentacle.txt'
  if (-not [IO.File]::Exists($current)) { return $null }
  if ($offset -gt 0 -and (Or-LogSize) -ge $offset) { return Or-ReadShared $current $offset }
  $text = ''
  if ($offset -le 0) {
    foreach ($name in @('OctopusTentacle.1.txt', 'OctopusTentacle.0.txt')) { if ([IO.File]::Exists((Or-LogFile $name))) { $text += Or-ReadShared (Or-LogFile $name) 0 } }
  }
  return $text + (Or-ReadShared $current 0)
}

# What the service loaded at its last start after byte $offset of the log: its thumbprints and whom it polls. Null when that cannot be
# told: no log, a start not finished, or one of a process that is not the service's any more.
function Or-InForce([long]$offset) {
  try { $text = Or-Log $offset } catch { return $null }
  if ($null -eq $text) { return $null }
  $last = ''; $seen = $false; $over = $false
  $trusts = Or-Set; $polls = Or-Set
  foreach ($line in $text.Split([char]10)) {
    $line = $line.TrimEnd([char]13)
    $id = [regex]::Match($line, '^[0-9]{4}-\S+\s+\S+\s+([0-9]+)\s+[0-9]+\s').Groups[1].Value
    $trust = [regex]::Match($line, 'Agent will trust Octopus Servers with the thumbprint: (.*)$')
    $none = $line.Contains('The agent is not configured to trust any Octopus Servers.')
    $poll = [regex]::Match($line, 'Agent will poll Octopus Server at (.*) for subscription (.*) expecting thumbprint (.*)$')
    if ($trust.Success -or $none) {
      if ($over -or -not (Or-Same $id $last)) { $trusts = Or-Set; $polls = Or-Set }
      $over = $false; $seen = $true; $last = $id
      if ($trust.Success) { $null = $trusts.Add((Or-PlainThumbprint $trust.Groups[1].Value)) } else { $trusts = Or-Set }
    }
    elseif ($poll.Success) {
      $plain = Or-PlainThumbprint $poll.Groups[3].Value
      if (Or-IsOurs $plain) { $null = $polls.Add((Or-ComparableAddress $poll.Groups[1].Value) + [char]9 + (Or-ComparableAddress $poll.Groups[2].Value) + [char]9 + $poll.Groups[3].Value) }
    }
    elseif ($seen -and (Or-Same $id $last) -and ($line.Contains('Agent listening on: ') -or $line.Contains('Agent will not listen on any TCP ports'))) { $over = $true }
  }
  if (-not $seen -or -not $over) { return $null }
  if ($last -ne '' -and $script:orMain -gt 0 -and [int]$last -ne $script:orMain) { return $null }
  return @{ Trusts = $trusts; Polls = $polls }
}

function Or-IsOurs([string]$plain) { return (Or-Same $plain $script:orThumbprint) -or (Or-Same $plain $script:orPartner) }

# Is that list in force? yes, no or unknown.
function Or-Judge($entries, [long]$offset) {
  $script:orLoaded = Or-InForce $offset
  if ($null -eq $script:orLoaded) { return 'unknown' }
  $trusts = Or-Set; $polls = Or-Set
  foreach ($one in $entries) {
    $null = $trusts.Add($one.Plain)
    if ($one.Style -ne 1 -and $one.Address -ne 'null' -and $one.Account -ne 'null' -and (Or-IsOurs $one.Plain)) {
      $null = $polls.Add($one.Place.Substring(1) + [char]9 + (Or-ComparableAddress $one.Account.Substring(1)) + [char]9 + $one.Thumbprint)
    }
  }
  if (-not $trusts.SetEquals($script:orLoaded.Trusts)) { return 'no' }
  # Which certificate it expects at which address: one twin of several may not have been there yet. Foreign entries are none of ours.
  if ($script:orRoute -eq 'polling' -and -not $polls.SetEquals($script:orLoaded.Polls)) { return 'no' }
  return 'yes'
}

function Or-FolderFile([string]$name) { return [IO.Path]::Combine($script:orFolder, $name) }

# Whole on disk before anything goes on.
function Or-WriteFile([string]$file, [byte[]]$bytes) {
  $stream = New-Object IO.FileStream ($file, [IO.FileMode]::Create, [IO.FileAccess]::Write, [IO.FileShare]::None)
  try { $stream.Write($bytes, 0, $bytes.Length); $stream.Flush($true) } finally { $stream.Dispose() }
}

function Or-Utf8([string]$text) { return ,(New-Object Text.UTF8Encoding $false).GetBytes($text) }

# State file: what the last restarter did, in lines name=value. Replaced as a whole.
function Or-WriteState([string]$state) {
  $new = Or-FolderFile 'state.new'
  Or-WriteFile $new (Or-Utf8 ((@("state=$state", "unit=$script:orTask", "rotation=$script:orRotation", "operation=$script:orOperation", "thumbprint=$script:orThumbprint") -join [char]10) + [char]10))
  $file = Or-FolderFile 'state'
  if ([IO.File]::Exists($file)) { [IO.File]::Replace($new, $file, [NullString]::Value) } else { [IO.File]::Move($new, $file) }
}

function Or-StateValue([string]$name) {
  $file = Or-FolderFile 'state'
  if (-not [IO.File]::Exists($file)) { return '' }
  return [regex]::Match([IO.File]::ReadAllText($file), "(?m)^$name=([A-Za-z0-9-]*)\r?$").Groups[1].Value
}

# A file held open by one process alone; null when another holds it after that many seconds.
function Or-Hold([string]$name, [int]$seconds) {
  $until = (Or-Uptime) + $seconds
  while ($true) {
    try { return New-Object IO.FileStream ((Or-FolderFile $name), [IO.FileMode]::OpenOrCreate, [IO.FileAccess]::ReadWrite, [IO.FileShare]::None) } catch { }
    if ((Or-Uptime) -ge $until) { return $null }
    Start-Sleep -Milliseconds 200
  }
}

# A restarter holds this file as long as it lives: no text of a task scheduler to be read, which speaks the language of the machine.
function Or-RestarterRuns {
  $held = Or-Hold 'running' 0
  if ($null -eq $held) { return $true }
  $held.Dispose()
  return $false
}
`;

/**
 * What a Windows machine's PowerShell has and a PowerShell on Linux lacks, as far as scripts of a Tentacle need it: services
 * and scheduled tasks. Strict: a parameter that is not here is refused by PowerShell itself. Found by name, as a module in
 * PSModulePath.
 */
export const windowsModuleName = 'SandboxWindows';

const names = [
  'Get-Service', 'Start-Service', 'Stop-Service', 'Restart-Service', 'Get-CimInstance', 'New-ScheduledTaskAction', 'New-ScheduledTaskTrigger', 'New-ScheduledTaskPrincipal',
  'New-ScheduledTaskSettingsSet', 'Register-ScheduledTask', 'Start-ScheduledTask', 'Get-ScheduledTask', 'Unregister-ScheduledTask',
];

export const windowsModuleManifest = `@{
  RootModule = '${windowsModuleName}.psm1'
  ModuleVersion = '1.0'
  GUID = '5b4f1d0e-0f3b-4a55-9d0c-6a3a5d6c8f11'
  FunctionsToExport = @(${names.map((name) => `'${name}'`).join(', ')})
  CmdletsToExport = @()
  AliasesToExport = @()
}
`;

export const windowsModule = String.raw`
function Invoke-Sandbox([string[]]$words) {
  $answer = & "$env:SANDBOX_MACHINE/bin/windows-machine" @words 2>&1 | ForEach-Object { "$_" }
  if ($LASTEXITCODE -ne 0) { $global:LASTEXITCODE = 0; throw ($answer -join [Environment]::NewLine) }
  if ($answer) { ($answer -join '') | ConvertFrom-Json }
}

# Asks the sandbox's service manager by its socket: a program started for each look would be most of the time that a script takes.
function Get-UnitState([string]$unit) {
  if (-not $script:managerPath) { $script:managerPath = ([IO.File]::ReadAllText([IO.Path]::GetFullPath([IO.Path]::Combine($env:SANDBOX_MACHINE, '..', '..', 'sandbox.json'))) | ConvertFrom-Json).supervisorSocket }
  $socket = [Net.Sockets.Socket]::new([Net.Sockets.AddressFamily]::Unix, [Net.Sockets.SocketType]::Stream, [Net.Sockets.ProtocolType]::Unspecified)
  try {
    $socket.Connect([Net.Sockets.UnixDomainSocketEndPoint]::new($script:managerPath))
    $stream = [Net.Sockets.NetworkStream]::new($socket)
    $request = @{ program = 'systemctl'; machine = $env:SANDBOX_MACHINE; args = @('show', $unit, '-p', 'ActiveState,UnitFileState,MainPID'); environment = @{} } | ConvertTo-Json -Compress
    $bytes = [Text.Encoding]::UTF8.GetBytes($request + [char]10)
    $stream.Write($bytes, 0, $bytes.Length)
    $answer = [IO.StreamReader]::new($stream).ReadLine() | ConvertFrom-Json
  } finally { $socket.Dispose() }
  if ($answer.exitCode -ne 0) { throw $answer.stderr }
  $state = @{}
  foreach ($line in $answer.stdout.Split([char]10)) { $name, $value = $line.Split('=', 2); $state[$name] = $value }
  $state
}

# The services of Tentacles: OctopusDeploy Tentacle, and one named after each other instance.
function Get-SandboxService {
  $statuses = @{ active = 'Running'; activating = 'StartPending'; deactivating = 'StopPending' }
  $startTypes = @{ enabled = 'Automatic'; masked = 'Disabled' }
  foreach ($file in [IO.Directory]::GetFiles([IO.Path]::Combine($env:SANDBOX_MACHINE, 'etc', 'systemd'), '*.service')) {
    $instance = [IO.Path]::GetFileNameWithoutExtension($file)
    $name = if ($instance -eq 'Tentacle') { 'OctopusDeploy Tentacle' } else { "OctopusDeploy Tentacle: $instance" }
    $state = Get-UnitState "$instance.service"
    $status = $statuses[$state.ActiveState]; if (-not $status) { $status = 'Stopped' }
    $startType = $startTypes[$state.UnitFileState]; if (-not $startType) { $startType = 'Manual' }
    [pscustomobject]@{ Name = $name; ServiceName = $name; DisplayName = $name; Status = $status; StartType = $startType; ProcessId = [int]$state.MainPID; PathName = '"' + [IO.Path]::Combine($env:SANDBOX_MACHINE, 'bin', 'Tentacle.exe') + '" run --instance="' + $instance + '"'; CanStop = $status -eq 'Running' }
  }
}

function Get-Service {
  [CmdletBinding()] param([Parameter(Position = 0, ValueFromPipelineByPropertyName = $true)][string[]]$Name)
  process {
    if (-not $Name) { return Get-SandboxService }
    foreach ($one in $Name) {
      $found = Get-SandboxService | Where-Object { $_.Name -like $one }
      if (-not $found -and -not [WildcardPattern]::ContainsWildcardCharacters($one)) {
        Write-Error -Message "Cannot find any service with service name '$one'." -Category ObjectNotFound -ErrorId 'NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand'
      }
      $found
    }
  }
}

function Start-Service {
  [CmdletBinding()] param([Parameter(Mandatory = $true, Position = 0, ValueFromPipelineByPropertyName = $true)][string]$Name)
  process { Invoke-Sandbox @('start', $Name) }
}
function Stop-Service {
  [CmdletBinding()] param([Parameter(Mandatory = $true, Position = 0, ValueFromPipelineByPropertyName = $true)][string]$Name, [switch]$Force, [switch]$NoWait)
  process { Invoke-Sandbox @('stop', $Name) }
}
function Restart-Service {
  [CmdletBinding()] param([Parameter(Mandatory = $true, Position = 0, ValueFromPipelineByPropertyName = $true)][string]$Name, [switch]$Force)
  process { Invoke-Sandbox @('stop', $Name); Invoke-Sandbox @('start', $Name) }
}

# The processes of this machine as Win32_Process shows them: number, parent, name and when it began, which is the same whoever asks.
function Get-SandboxProcess([string]$filter) {
  $member = ''; $wanted = 0
  if ($filter) {
    if ($filter -notmatch '^\s*(ProcessId|ParentProcessId)\s*=\s*(\d+)\s*$') { throw "The sandbox's Windows knows filters of processes by number only, not $filter." }
    $member = $Matches[1]; $wanted = [int]$Matches[2]
  }
  $boot = [long][regex]::Match([IO.File]::ReadAllText('/proc/stat'), '(?m)^btime (\d+)').Groups[1].Value * 1000
  # The process System has the same number on every Windows, and began when the machine did.
  $system = [pscustomobject]@{ ProcessId = 4; ParentProcessId = 0; Name = 'System'; CreationDate = [IO.File]::GetLastWriteTime([IO.Path]::Combine($env:SANDBOX_MACHINE, 'boot-id')) }
  if ($member -eq '' -or $system.$member -eq $wanted) { $system }
  foreach ($folder in [IO.Directory]::GetDirectories('/proc')) {
    $number = [IO.Path]::GetFileName($folder)
    if ($number -notmatch '^\d+$' -or $number -eq '4') { continue }
    try { $stat = [IO.File]::ReadAllText("$folder/stat") } catch { continue }
    $end = $stat.LastIndexOf(')')
    $fields = $stat.Substring($end + 2).Split(' ')
    if ($fields[0] -eq 'Z') { continue }
    $one = [pscustomobject]@{ ProcessId = [int]$number; ParentProcessId = [int]$fields[1]; Name = $stat.Substring($stat.IndexOf('(') + 1, $end - $stat.IndexOf('(') - 1) + '.exe'; CreationDate = [DateTimeOffset]::FromUnixTimeMilliseconds($boot + [long]$fields[19] * 10).LocalDateTime }
    if ($member -eq '' -or $one.$member -eq $wanted) { $one }
  }
}

function Get-CimInstance {
  [CmdletBinding()] param([Parameter(Mandatory = $true, Position = 0)][string]$ClassName, [string]$Filter)
  if ($ClassName -eq 'Win32_Process') { return Get-SandboxProcess $Filter }
  if ($ClassName -ne 'Win32_Service') { throw "The sandbox's Windows knows the classes Win32_Service and Win32_Process only, not $ClassName." }
  $services = Get-SandboxService | ForEach-Object { [pscustomobject]@{ Name = $_.Name; State = $_.Status; ProcessId = $_.ProcessId; StartMode = if ($_.StartType -eq 'Automatic') { 'Auto' } else { $_.StartType }; PathName = $_.PathName; StartName = 'LocalSystem' } }
  if (-not $Filter) { return $services }
  if ($Filter -notmatch "^\s*Name\s*=\s*(?:'([^']*)'|""([^""]*)"")\s*$") { throw "The sandbox's Windows knows filters of the form Name='..' only, not $Filter." }
  $wanted = "$($Matches[1])$($Matches[2])"
  $services | Where-Object { $_.Name -eq $wanted }
}

function New-ScheduledTaskAction {
  [CmdletBinding()] param([Parameter(Mandatory = $true, Position = 0)][string]$Execute, [Parameter(Position = 1)][string]$Argument)
  [pscustomobject]@{ Execute = $Execute; Arguments = $Argument }
}
function New-ScheduledTaskTrigger {
  [CmdletBinding(DefaultParameterSetName = 'Once')] param([Parameter(Mandatory = $true, ParameterSetName = 'Once')][switch]$Once, [Parameter(Mandatory = $true, ParameterSetName = 'Once')][datetime]$At, [Parameter(ParameterSetName = 'Once')][timespan]$RepetitionInterval, [Parameter(Mandatory = $true, ParameterSetName = 'Startup')][switch]$AtStartup)
  if ($AtStartup) { return [pscustomobject]@{ kind = 'boot'; every = $null } }
  if ($RepetitionInterval -and $RepetitionInterval.TotalMinutes -lt 1) { throw 'The task XML contains a value which is incorrectly formatted or out of range.' }
  [pscustomobject]@{ kind = 'time'; from = [DateTimeOffset]::new($At.ToUniversalTime()).ToUnixTimeMilliseconds(); every = if ($RepetitionInterval) { [long]$RepetitionInterval.TotalMilliseconds } else { $null } }
}
function New-ScheduledTaskPrincipal {
  [CmdletBinding()] param([Parameter(Mandatory = $true, Position = 0)][string]$UserId, [ValidateSet('ServiceAccount')][string]$LogonType, [ValidateSet('Highest', 'Limited')][string]$RunLevel)
  if ($UserId -notin 'SYSTEM', 'NT AUTHORITY\SYSTEM', 'S-1-5-18') { throw "The sandbox's Windows runs tasks as SYSTEM only, not as $UserId." }
  [pscustomobject]@{ UserId = $UserId }
}
function New-ScheduledTaskSettingsSet {
  [CmdletBinding()] param([switch]$AllowStartIfOnBatteries, [switch]$DontStopIfGoingOnBatteries, [switch]$StartWhenAvailable, [timespan]$ExecutionTimeLimit, [timespan]$DeleteExpiredTaskAfter, [string]$MultipleInstances, [int]$Priority, [switch]$Hidden)
  [pscustomobject]@{ StartWhenAvailable = [bool]$StartWhenAvailable }
}
function Register-ScheduledTask {
  [CmdletBinding()] param([Parameter(Mandatory = $true, Position = 0)][string]$TaskName, [Parameter(Mandatory = $true)]$Action, $Trigger, $Principal, $Settings, [string]$Description, [ValidateSet('SYSTEM', 'NT AUTHORITY\SYSTEM')][string]$User, [ValidateSet('Highest', 'Limited')][string]$RunLevel, [switch]$Force)
  $task = @{ name = $TaskName; execute = $Action.Execute; arguments = "$($Action.Arguments)"; triggers = @($Trigger | Where-Object { $_ }) } | ConvertTo-Json -Compress -Depth 4
  Invoke-Sandbox @('task-register', [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($task)), "$([bool]$Force)")
}
function Start-ScheduledTask {
  [CmdletBinding()] param([Parameter(Mandatory = $true, Position = 0)][string]$TaskName)
  Invoke-Sandbox @('task-start', $TaskName)
}
function Get-ScheduledTask {
  [CmdletBinding()] param([Parameter(Position = 0)][string]$TaskName = '*')
  $found = Invoke-Sandbox @('tasks') | Where-Object { $_.TaskName -like $TaskName }
  if (-not $found -and -not [WildcardPattern]::ContainsWildcardCharacters($TaskName)) { Write-Error -Message "No MSFT_ScheduledTask objects found with property 'TaskName' equal to '$TaskName'.  Verify the value of the property and retry." -Category ObjectNotFound }
  $found
}
function Unregister-ScheduledTask {
  [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')] param([Parameter(Mandatory = $true, Position = 0, ValueFromPipelineByPropertyName = $true)][string]$TaskName)
  process { if ($PSCmdlet.ShouldProcess($TaskName)) { Invoke-Sandbox @('task-remove', $TaskName) } }
}
`;

/** What every form of the script begins with: nothing of a user's profile may change how it runs (step-packages.md 8.4). */
export const PRELUDE = String.raw`
Set-StrictMode -Off
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$script:orClock = [Diagnostics.Stopwatch]::StartNew()
$script:orWindows = [Environment]::OSVersion.Platform -eq [PlatformID]::Win32NT
$script:orOwn = ''; $script:orEffective = 'unknown'; $script:orRestarts = 'none'; $script:orLast = 'none'; $script:orOutcome = ''; $script:orOld = ''; $script:orWished = ''; $script:orConfiguration = ''; $script:orCopy = ''; $script:orFolder = ''; $script:orService = ''; $script:orMain = 0; $script:orPort = ''; $script:orNoListen = ''
$script:orBefore = @(); $script:orAfter = @(); $script:orEntries = @(); $script:orInverse = @(); $script:orLock = $null; $script:orLoaded = $null; $script:orCode = 1
$script:orHome = [string]$env:TentacleHome
$script:orInstance = [string]$env:TentacleInstanceName
if ($script:orInstance -eq '') { $script:orInstance = 'Tentacle' }
$script:orExecutable = [string]$env:TentacleExecutablePath -replace '\.dll$', '.exe'
# By hand, as the repair command looks for it: on the path, or in its usual folder.
if ($script:orExecutable -eq '') { $script:orExecutable = [string](Get-Command -Name 'Tentacle.exe' -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1).Path }
if ($script:orExecutable -eq '') { $script:orExecutable = [IO.Path]::Combine([string]$env:ProgramFiles, 'Octopus Deploy', 'Tentacle', 'Tentacle.exe') }
$script:orScheduler = 'schtasks.exe'
$script:orEngine = [Diagnostics.Process]::GetCurrentProcess().MainModule.FileName
if ($script:orWindows) { $script:orEngine = [IO.Path]::Combine($env:SystemRoot, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe') }
`;

/** PowerShell: which Tentacle of which machine this is, the folder in its home that is ours, and tasks of its own. */
export const MACHINE = String.raw`
# Which Tentacle this is, however it was reached: this machine, its home, and the very process that serves it. Two clones differ in it.
function Or-Identity {
  $since = try { (Get-CimInstance -ClassName Win32_Process -Filter "ProcessId = $script:orMain" -ErrorAction Stop).CreationDate.ToUniversalTime().Ticks } catch { 0 }
  $sha = [Security.Cryptography.SHA256]::Create()
  try { return ([BitConverter]::ToString($sha.ComputeHash((Or-Utf8 "$([Environment]::MachineName)|$script:orHome|$script:orMain|$since"))) -replace '-', '').ToLowerInvariant() } finally { $sha.Dispose() }
}

# Does the environment stand in for the configuration file? Then a write would copy it over the file.
function Or-Overridden { return [string]$env:OCTOPUS_CONTRIBUTE_ENV_SETTINGS -ne '' -or [string]$env:TENTACLE_TRUSTED_SERVERS -ne '' }

# A folder of its own for what runs as SYSTEM: nobody else may write there, nor own it, nor may it be a link.
function Or-PrepareFolder {
  try {
    if ($script:orHome -eq '' -or -not [IO.Directory]::Exists($script:orHome)) { return $false }
    $fresh = -not [IO.Directory]::Exists($script:orFolder)
    if ($fresh) { $null = [IO.Directory]::CreateDirectory($script:orFolder) }
    $item = Get-Item -LiteralPath $script:orFolder -Force
    if (($item.Attributes -band [IO.FileAttributes]::ReparsePoint) -ne 0) { return $false }
    if (-not $script:orWindows) { return (Or-Run 'chmod' @('0700', $script:orFolder)).Code -eq 0 }
    $owner = (Get-Acl -LiteralPath $script:orFolder).GetOwner([Security.Principal.SecurityIdentifier]).Value
    $self = [Security.Principal.WindowsIdentity]::GetCurrent().User.Value
    if (-not $fresh -and $owner -ne 'S-1-5-18' -and $owner -ne 'S-1-5-32-544' -and $owner -ne $self) { return $false }
    # SYSTEM and the administrators, by their ids, as names are translated.
    return (Or-Run 'icacls.exe' @($script:orFolder, '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F')).Code -eq 0
  } catch { return $false }
}

function Or-IsElevated {
  if (-not $script:orWindows) { return $true }
  return (New-Object Security.Principal.WindowsPrincipal ([Security.Principal.WindowsIdentity]::GetCurrent())).IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Or-XmlText([string]$text) { return $text.Replace('&', '&amp;').Replace('<', '&lt;').Replace('>', '&gt;') }

# Starts a script file in a task of its own as SYSTEM, outside this process tree and the service. Without a trigger it runs when told, once.
function Or-StartTask([string]$name, [string]$file, [string]$triggers = '<Triggers />', [string]$limit = 'P1D') {
  $xml = '<?xml version="1.0" encoding="UTF-16"?><Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">' + $triggers + '<Principals><Principal id="Author"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>' +
    '<Settings><MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy><DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries><StopIfGoingOnBatteries>false</StopIfGoingOnBatteries><AllowStartOnDemand>true</AllowStartOnDemand><ExecutionTimeLimit>' + $limit + '</ExecutionTimeLimit><Priority>5</Priority></Settings>' +
    '<Actions Context="Author"><Exec><Command>' + (Or-XmlText $script:orEngine) + '</Command><Arguments>' + (Or-XmlText ('-NoProfile -NonInteractive -ExecutionPolicy Bypass -File "' + $file + '"')) + '</Arguments></Exec></Actions></Task>'
  $path = Or-FolderFile 'task.xml'
  Or-WriteFile $path ([byte[]](@(255, 254) + [Text.Encoding]::Unicode.GetBytes($xml)))
  Or-Schtasks @('/Create', '/TN', $name, '/XML', $path, '/F')
  if (-not $script:orScheduled) { return $false }
  Or-Schtasks @('/Run', '/TN', $name)
  return $script:orScheduled
}

function Or-ScriptFile([string]$name, [string]$text) {
  $file = Or-FolderFile $name
  # With its mark: without it 5.1 reads a script as ANSI.
  Or-WriteFile $file ([byte[]](@(239, 187, 191) + (Or-Utf8 $text)))
  return $file
}

function Or-Quoted([string]$text) { return "([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('$([Convert]::ToBase64String((Or-Utf8 $text)))')))" }
`;

# The two classes of Windows that the trust script asks, made of the service manager beside this folder and of /proc.
function Get-CimInstance {
  [CmdletBinding()] param([Parameter(Mandatory = $true)][string]$ClassName, [string]$Filter)
  $processes = foreach ($folder in [IO.Directory]::GetDirectories('/proc')) {
    $number = [IO.Path]::GetFileName($folder)
    if ($number -notmatch '^[0-9]+$') { continue }
    try { $stat = [IO.File]::ReadAllText("$folder/stat") } catch { continue }
    if ($stat -notmatch '\((.*)\) (\S) (\d+) ' -or $Matches[2] -match '[ZX]') { continue }
    [pscustomobject]@{ Name = $Matches[1]; ProcessId = [int]$number; ParentProcessId = [int]$Matches[3]; CreationDate = [DateTimeOffset]::FromUnixTimeMilliseconds([long]$stat.Substring($stat.LastIndexOf(')') + 2).Split(' ')[19] * 10).LocalDateTime }
  }
  if ($ClassName -eq 'Win32_Service') {
    if ($Filter -ne "Name = 'OctopusDeploy Tentacle'") { return }
    $file = "$env:RIG/units/Tentacle.service.pid"
    $main = if (Test-Path -LiteralPath $file) { [int][IO.File]::ReadAllText($file) } else { 0 }
    if (@($processes | Where-Object { $_.ProcessId -eq $main }).Count -eq 0) { $main = 0 }
    return [pscustomobject]@{ Name = 'OctopusDeploy Tentacle'; State = $(if ($main -gt 0) { 'Running' } else { 'Stopped' }); ProcessId = $main }
  }
  if ($ClassName -ne 'Win32_Process' -or $Filter -notmatch '^(?:(ProcessId|ParentProcessId) = (\d+))?$') { throw "not understood: $ClassName $Filter" }
  $member = $Matches[1]; $wanted = $Matches[2]
  $processes | Where-Object { -not $member -or $_.$member -eq $wanted }
}

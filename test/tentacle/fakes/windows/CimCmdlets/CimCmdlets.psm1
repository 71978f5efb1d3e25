# The two classes of Windows that the trust script asks, made of the fake service and of /proc.
function Get-CimInstance {
  param([string]$ClassName, [string]$Filter)
  if ($ClassName -eq 'Win32_Service') {
    if ($Filter -ne "Name = 'OctopusDeploy Tentacle: My Tentacle'") { return }
    $main = 0
    $file = "$env:FAKE_DIR/main.pid"
    if (Test-Path $file) { $main = [int](Get-Content $file -Raw) }
    if ($main -gt 0 -and -not ((Test-Path "/proc/$main/stat") -and (Get-Content "/proc/$main/stat" -Raw) -notmatch '\) [ZX] ')) { $main = 0 }
    $state = if ($main -gt 0) { 'Running' } else { 'Stopped' }
    return [pscustomobject]@{ Name = 'OctopusDeploy Tentacle: My Tentacle'; State = $state; ProcessId = $main }
  }
  foreach ($folder in [IO.Directory]::GetDirectories('/proc')) {
    $name = [IO.Path]::GetFileName($folder)
    if ($name -notmatch '^[0-9]+$') { continue }
    try { $stat = [IO.File]::ReadAllText("$folder/stat") } catch { continue }
    if ($stat -notmatch '\((.*)\) (\S) (\d+) ' -or $Matches[2] -match '[ZX]') { continue }
    $one = [pscustomobject]@{ Name = $Matches[1]; ProcessId = [int]$name; ParentProcessId = [int]$Matches[3] }
    if ($Filter -eq '' -or $Filter -eq "ParentProcessId = $($one.ParentProcessId)") { $one }
  }
}
Export-ModuleMember -Function Get-CimInstance

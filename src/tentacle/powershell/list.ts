/**
 * PowerShell: the Tentacle's command line and its trust list. An entry is a hashtable; texts that may be absent are "null" or "=text",
 * and lists are compared as sorted lines. Texts are compared by [string]::Equals only: PowerShell's own operators ignore characters
 * of no width, which make a thumbprint another one (A19).
 *
 * House rules of these texts: Windows PowerShell 5.1 (step-packages.md 8.4), ASCII, no line that begins with the end of a here-string.
 */
export const LIST = String.raw`
function Or-Say([string]$text) { Write-Host "octopus-rotation: $text" }

function Or-Same([string]$one, [string]$other) { return [string]::Equals($one, $other) }

function Or-Set { return ,(New-Object 'Collections.Generic.HashSet[string]' ([StringComparer]::Ordinal)) }

# Runs a program: bounded, without standard input. Not by &: in 5.1 a redirected standard error would end the script.
function Or-Run([string]$file, [string[]]$arguments) {
  $start = New-Object Diagnostics.ProcessStartInfo
  $start.FileName = $file
  $quoted = foreach ($one in $arguments) { if ($one -match '[\s"]') { '"' + $one.Replace('"', '\"') + '"' } else { $one } }
  $start.Arguments = @($quoted) -join ' '
  $start.UseShellExecute = $false
  $start.CreateNoWindow = $true
  $start.RedirectStandardInput = $true
  $start.RedirectStandardOutput = $true
  $start.RedirectStandardError = $true
  $failed = @{ Code = -1; Out = ''; Err = '' }
  try { $process = [Diagnostics.Process]::Start($start) } catch { return $failed }
  try { $process.StandardInput.Close() } catch { }
  $out = $process.StandardOutput.ReadToEndAsync()
  $err = $process.StandardError.ReadToEndAsync()
  if (-not $process.WaitForExit(120000)) { try { $process.Kill() } catch { }; return $failed }
  if (-not $out.Wait(10000)) { return $failed }
  $said = ''
  if ($err.Wait(1000)) { $said = $err.Result }
  return @{ Code = $process.ExitCode; Out = $out.Result; Err = $said }
}

function Or-Tentacle([string[]]$arguments) { return Or-Run $script:orExecutable ($arguments + "--instance=$script:orInstance") }

# Its own thumbprint; old versions wrap it in a sentence.
function Or-ReadOwn {
  $found = [regex]::Matches((Or-Tentacle @('show-thumbprint')).Out, '(?<![0-9A-Fa-f])[0-9A-Fa-f]{40}(?![0-9A-Fa-f])')
  if ($found.Count -eq 0) { return $false }
  $script:orOwn = $found[$found.Count - 1].Value.ToUpperInvariant()
  return $true
}

function Or-PlainThumbprint([string]$text) { return $text.Trim([char]32, [char]160).ToUpperInvariant() }

# An address as .NET compares URIs; only for comparing.
function Or-ComparableAddress([string]$text) {
  $parts = [regex]::Match($text, '^([A-Za-z][A-Za-z0-9+.-]*)://([^/?\x23]*)([^\x23]*)')
  if (-not $parts.Success) { return $text }
  $scheme = $parts.Groups[1].Value.ToLowerInvariant()
  $site = $parts.Groups[2].Value
  $site = $site.Substring($site.LastIndexOf([char]64) + 1).ToLowerInvariant()
  if ($scheme -match '^(https|wss)$') { $site = $site -replace ':443$', '' }
  if ($scheme -match '^(http|ws)$') { $site = $site -replace ':80$', '' }
  $rest = $parts.Groups[3].Value
  if (-not $rest.StartsWith('/', [StringComparison]::Ordinal)) { $rest = "/$rest" }
  return "$($scheme)://$site$rest"
}

# Fields as read (texts or null; style as number or name) to an entry; null for what breaks a Tentacle's own commands (A39).
function Or-Entry($thumbprint, $style, $address, $squid, $subscription) {
  foreach ($one in @($thumbprint, $address, $squid, $subscription)) { if ($null -ne $one -and $one -isnot [string]) { return $null } }
  if ($null -eq $thumbprint -or $thumbprint.Trim().Length -eq 0) { return $null }
  $styles = @{ '0' = 0; 'none' = 0; '1' = 1; 'tentaclepassive' = 1; '2' = 2; 'tentacleactive' = 2; '11' = 11; 'kubernetestentacle' = 11 }
  if ($null -eq $style) { $style = 0 }
  $name = ([string]$style).ToLowerInvariant()
  if (-not $styles.ContainsKey($name)) { return $null }
  $entry = @{ Thumbprint = $thumbprint; Plain = (Or-PlainThumbprint $thumbprint); Unstyled = ($styles[$name] -eq 0); Style = $styles[$name]; Address = 'null'; Place = 'null'; Squid = 'null'; Account = 'null' }
  # An entry without style becomes a passive one when the agent starts.
  if ($entry.Unstyled) { $entry.Style = 1 }
  if ($null -ne $address) { $entry.Address = "=$address"; $entry.Place = "=$(Or-ComparableAddress $address)" }
  if ($null -ne $squid) { $entry.Squid = "=$squid" }
  if ($null -ne $subscription) { $entry.Account = "=$subscription" }
  $entry.Web = $entry.Place.StartsWith('=wss:', [StringComparison]::Ordinal)
  $entry.Polled = ($entry.Style -ne 1) -and ($null -ne $address) -and ($null -ne $subscription) -and -not $entry.Web
  return $entry
}

# An entry without style with an equal one beside it: the agent would not start (A39).
function Or-IsBroken($entries) {
  foreach ($one in $entries) {
    if (-not $one.Unstyled) { continue }
    $equal = 0
    foreach ($other in $entries) { if ((Or-Same $one.Thumbprint.ToUpperInvariant() $other.Thumbprint.ToUpperInvariant()) -and (Or-Same $one.Place $other.Place)) { $equal++ } }
    if ($equal -gt 1) { return $true }
  }
  return $false
}

# Sets the list and what else is read of the configuration. Gives '' or the reason why it cannot.
function Or-ReadList {
  $shown = Or-Tentacle @('show-configuration')
  if ($shown.Code -ne 0) { return 'configuration-unreadable' }
  # Log lines may come first.
  $begin = [regex]::Match($shown.Out, '(?m)^[ \t]*\{[ \t\r]*$')
  $text = $shown.Out
  if ($begin.Success) { $text = $text.Substring($begin.Index) }
  try { $all = ConvertFrom-Json -InputObject $text } catch { return 'list-broken' }
  $list = $all.Tentacle.Communication.TrustedOctopusServers
  if ($list -isnot [array]) { return 'list-broken' }
  $entries = New-Object Collections.ArrayList
  foreach ($one in $list) {
    if ($one -isnot [Management.Automation.PSCustomObject]) { return 'list-broken' }
    $entry = Or-Entry $one.Thumbprint $one.CommunicationStyle $one.Address $one.Squid $one.SubscriptionId
    if ($null -eq $entry) { return 'list-broken' }
    $null = $entries.Add($entry)
  }
  if (Or-IsBroken $entries) { return 'list-broken' }
  $script:orEntries = $entries.ToArray()
  $script:orPort = [string]$all.Tentacle.Services.PortNumber
  $script:orNoListen = [string]$all.Tentacle.Services.NoListen
  $script:orHomeThere = [string]$all.Octopus.Home
  return ''
}

# Text of a list by which it is compared: one sorted line an entry.
function Or-Lines($entries) {
  $lines = @(foreach ($one in $entries) { "=$($one.Thumbprint)" + [char]9 + $one.Style + [char]9 + $one.Place + [char]9 + $one.Squid + [char]9 + $one.Account })
  [Array]::Sort($lines, [StringComparer]::Ordinal)
  return $lines -join [char]10
}

function Or-JsonText([string]$text) {
  if (Or-Same $text 'null') { return $text }
  $out = New-Object Text.StringBuilder
  foreach ($c in $text.Substring(1).ToCharArray()) {
    $code = [int]$c
    if ($code -eq 34 -or $code -eq 92) { $null = $out.Append([char]92).Append($c) }
    elseif ($code -lt 32 -or $code -gt 126) { $null = $out.Append([char]92).Append('u').Append($code.ToString('x4')) }
    else { $null = $out.Append($c) }
  }
  return '"' + $out.ToString() + '"'
}

# Entries to the JSON of a machine result.
function Or-Json($entries) {
  $names = @{ 1 = 'TentaclePassive'; 2 = 'TentacleActive'; 11 = 'KubernetesTentacle' }
  $all = foreach ($one in $entries) {
    '{"thumbprint":' + (Or-JsonText "=$($one.Thumbprint)") + ',"style":"' + $names[$one.Style] + '","address":' + (Or-JsonText $one.Address) + ',"subscriptionId":' + (Or-JsonText $one.Account) + '}'
  }
  return '[' + (@($all) -join ',') + ']'
}
`;

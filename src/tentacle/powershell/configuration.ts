/**
 * PowerShell: values in the configuration file of a Tentacle, exchanged without touching another byte; the same rules and refusals as
 * bash/configuration.ts. The file is replaced by ReplaceFile, which keeps its permissions.
 */
export const CONFIGURATION = String.raw`
function Or-EntityText($match) {
  if ($match.Groups[1].Success) { return @{ lt = '<'; gt = '>'; amp = '&'; quot = '"'; apos = "'" }[$match.Groups[1].Value] }
  if ($match.Groups[2].Success) { return [char]::ConvertFromUtf32([Convert]::ToInt32($match.Groups[2].Value, 16)) }
  return [char]::ConvertFromUtf32([int]$match.Groups[3].Value)
}

# The file as text with the place of the value of that key (in lower case) in it. Throws the reason why it is not understood.
function Or-ReadConfiguration([byte[]]$bytes, [string]$wanted) {
  $begin = 0
  if ($bytes.Length -ge 3 -and $bytes[0] -eq 239 -and $bytes[1] -eq 187 -and $bytes[2] -eq 191) { $begin = 3 }
  if ([Array]::IndexOf($bytes, [byte]0) -ge 0) { throw 'configuration-encoding' }
  try { $text = (New-Object Text.UTF8Encoding ($false, $true)).GetString($bytes, $begin, $bytes.Length - $begin) } catch { throw 'configuration-encoding' }
  $name = '[A-Za-z_][A-Za-z0-9_.:-]*'
  $token = [regex]('\G(?:(?<comment><!--[\s\S]*?-->)|(?<instruction><\?[\s\S]*?\?>)|(?<doctype><!(?i:doctype))|(?<data><!\[CDATA\[[\s\S]*?\]\]>)|</(?<close>' + $name + ')[ \t\r\n]*>|<(?<open>' + $name +
    ')(?<attributes>(?:[ \t\r\n]+' + $name + '[ \t\r\n]*=[ \t\r\n]*(?:"[^"<]*"|' + "'[^'<]*'" + '))*)[ \t\r\n]*(?<self>/?)>|(?<text>[^<]+))')
  $key = [regex]('[ \t\r\n]key[ \t\r\n]*=[ \t\r\n]*(?:"([^"]*)"|' + "'([^']*)')")
  $open = New-Object Collections.Generic.Stack[string]
  $found = @{ Text = $text; Begin = $begin; From = -1; Until = -1 }
  $count = 0; $roots = 0; $at = 0
  while ($at -lt $text.Length) {
    $match = $token.Match($text, $at)
    if (-not $match.Success) { throw 'configuration-malformed' }
    $at = $match.Index + $match.Length
    $inside = $found.From -ge 0 -and $found.Until -lt 0
    if ($match.Groups['doctype'].Success) { throw 'configuration-doctype' }
    if ($match.Groups['instruction'].Success) {
      if ($match.Value -match '^<\?xml\s' -and $match.Value -match 'encoding\s*=' -and $match.Value -notmatch 'encoding\s*=\s*["''](utf-?8|us-ascii)["'']') { throw 'configuration-encoding' }
    }
    elseif ($match.Groups['text'].Success) { if ($open.Count -eq 0 -and $match.Value.Trim([char]32, [char]9, [char]10, [char]13).Length -gt 0) { throw 'configuration-malformed' } }
    elseif ($match.Groups['data'].Success) { if ($open.Count -eq 0) { throw 'configuration-malformed' } }
    elseif ($match.Groups['close'].Success) {
      if ($open.Count -eq 0 -or -not (Or-Same $open.Pop() $match.Groups['close'].Value)) { throw 'configuration-malformed' }
      if ($inside) { $found.Until = $match.Index; continue }
    }
    elseif ($match.Groups['open'].Success) {
      $tag = $match.Groups['open'].Value
      if ($open.Count -eq 0) { $roots++; if ($roots -gt 1 -or -not (Or-Same $tag 'octopus-settings')) { throw 'configuration-malformed' } }
      $self = $match.Groups['self'].Value -eq '/'
      if ($inside) { throw 'configuration-malformed' }
      if ($open.Count -eq 1 -and (Or-Same $tag 'set')) {
        $named = $key.Match($match.Groups['attributes'].Value)
        $text1 = $named.Groups[1].Value + $named.Groups[2].Value
        if ($named.Success -and (Or-Same ([regex]::Replace($text1, '&(lt|gt|amp|quot|apos);', { param($one) Or-EntityText $one }).ToLowerInvariant()) $wanted)) {
          $count++
          if ($count -gt 1) { throw 'duplicate-key' }
          if (-not $self) { $found.From = $at }
        }
      }
      if (-not $self) { $open.Push($tag) }
    }
    if ($inside -and -not $match.Groups['text'].Success) { throw 'configuration-malformed' }
  }
  if ($open.Count -ne 0 -or $roots -eq 0) { throw 'configuration-malformed' }
  return $found
}

function Or-ValueIn($found) {
  if ($found.From -lt 0) { return '' }
  return $found.Text.Substring($found.From, $found.Until - $found.From)
}

# Bytes of the file with another value, if the one that stands there is exactly $from.
function Or-ExchangedOne([byte[]]$bytes, [string]$key, [string]$from, [string]$to) {
  $found = Or-ReadConfiguration $bytes $key
  if ($found.From -lt 0 -or -not (Or-Same (Or-ValueIn $found) $from)) { throw 'configuration-changed' }
  $rest = Or-Utf8 ($found.Text.Substring(0, $found.From) + $to + $found.Text.Substring($found.Until))
  $all = New-Object byte[] ($found.Begin + $rest.Length)
  [Array]::Copy($bytes, $all, $found.Begin)
  [Array]::Copy($rest, 0, $all, $found.Begin, $rest.Length)
  return ,$all
}

# The same for several values: each edit a key, the one value and the other. Back: from the other to the one.
function Or-Exchanged([byte[]]$bytes, $edits, [bool]$back = $false) {
  foreach ($edit in $edits) {
    if ($back) { $bytes = Or-ExchangedOne $bytes $edit.Key $edit.To $edit.From } else { $bytes = Or-ExchangedOne $bytes $edit.Key $edit.From $edit.To }
  }
  return ,$bytes
}

function Or-SameBytes([byte[]]$one, [byte[]]$other) { return Or-Same ([Convert]::ToBase64String($one)) ([Convert]::ToBase64String($other)) }

# Exchanges the values, all of them or none: the new file, complete and on disk, takes the place of the old one, which stays beside it.
# Gives '' or the reason; whatever fails before that leaves the old file untouched.
function Or-Swap($edits) {
  $new = "$script:orConfiguration.octopus-rotation.new"
  $old = "$script:orConfiguration.octopus-rotation.old"
  try {
    $bytes = [IO.File]::ReadAllBytes($script:orConfiguration)
    $changed = Or-Exchanged $bytes $edits
    # Whole only if the way back leads to the very file that was there.
    if (-not (Or-SameBytes (Or-Exchanged $changed $edits $true) $bytes)) { return 'write-failed' }
    Or-WriteFile $new $changed
    if (-not (Or-SameBytes ([IO.File]::ReadAllBytes($new)) $changed)) { throw 'write-failed' }
    if (-not (Or-SameBytes ([IO.File]::ReadAllBytes($script:orConfiguration)) $bytes)) { throw 'configuration-changed' }
    [IO.File]::Replace($new, $script:orConfiguration, $old)
    return ''
  } catch {
    # The one state in which ReplaceFile may leave nothing under the old name.
    if (-not [IO.File]::Exists($script:orConfiguration) -and [IO.File]::Exists($old)) { [IO.File]::Move($old, $script:orConfiguration) }
    try { [IO.File]::Delete($new) } catch { }
    $why = $_.Exception.Message
    if ($_.Exception -is [UnauthorizedAccessException] -or $_.Exception.InnerException -is [UnauthorizedAccessException]) { return 'not-writable' }
    if ($why -match '^(configuration|duplicate)-[a-z]+$') { return $why }
    return 'write-failed'
  }
}

# Sets the path of the configuration file of this instance; false unless there is exactly one.
function Or-Locate {
  $listed = Or-Run $script:orExecutable @('list-instances', '--format=json')
  $begin = [regex]::Match($listed.Out, '(?m)^[ \t]*\[')
  if ($listed.Code -ne 0 -or -not $begin.Success) { return $false }
  try { $all = ConvertFrom-Json -InputObject $listed.Out.Substring($begin.Index) } catch { return $false }
  $paths = @($all | Where-Object { $_.InstanceName -is [string] -and $_.InstanceName -eq $script:orInstance } | ForEach-Object { $_.ConfigurationFilePath })
  if ($paths.Count -ne 1 -or $paths[0] -isnot [string] -or -not [IO.File]::Exists($paths[0])) { return $false }
  $item = Get-Item -LiteralPath $paths[0] -Force
  # A link would be replaced by a file.
  if (($item.Attributes -band [IO.FileAttributes]::ReparsePoint) -ne 0) { return $false }
  $script:orConfiguration = $item.FullName
  return $true
}

function Or-ReasonOf($problem) {
  if ($problem.Exception.Message -match '^[a-z]+(-[a-z]+)+$') { return $problem.Exception.Message }
  return 'configuration-malformed'
}
`;

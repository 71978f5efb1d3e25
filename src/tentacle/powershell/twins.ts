import { KEYS } from '../bash/configuration.ts';

/**
 * PowerShell: the edit of the trust list of a polling Tentacle as text, and the exchange of that one value in its configuration file.
 * The same rules, reasons and refusals as bash/twins.ts and bash/configuration.ts; the file is replaced by ReplaceFile, which keeps
 * owner, access list and attributes, and leaves the old file as the copy beside it.
 */
export const TWINS = String.raw`
$script:orEntity = [regex]'&(?:(lt|gt|amp|quot|apos)|\x23x([0-9A-Fa-f]{1,6})|\x23([0-9]{1,7}));'
$script:orToken = [regex]'\G[ \t\r\n]*("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null|[\[\]{},:])'

# The text of a JSON literal with its quotes.
function Or-PlainText([string]$literal) {
  $text = $literal.Substring(1, $literal.Length - 2)
  if ($text.IndexOf([char]92) -lt 0) { return $text }
  return [regex]::Replace($text, '\\(?:u([0-9A-Fa-f]{4})|(.))', {
    param($match)
    if ($match.Groups[1].Success) { return [string][char][Convert]::ToInt32($match.Groups[1].Value, 16) }
    switch -CaseSensitive ($match.Groups[2].Value) {
      'b' { return [string][char]8 } 'f' { return [string][char]12 } 'n' { return [string][char]10 } 'r' { return [string][char]13 } 't' { return [string][char]9 }
    }
    return $match.Groups[2].Value
  })
}

# Reads the value as it stands in the file, XML escapes included: entries with their places in it. Throws 'list-broken'.
function Or-Parse([string]$source) {
  if ($source.Length -eq 0) { $source = '[]' }
  $text = $source
  $map = $null
  if ($source.IndexOf([char]38) -ge 0) {
    $out = New-Object Text.StringBuilder
    $map = New-Object Collections.Generic.List[int]
    $at = 0
    while ($at -lt $source.Length) {
      $length = 1
      $piece = [string]$source[$at]
      if ($source[$at] -eq [char]38) {
        $match = $script:orEntity.Match($source, $at)
        if (-not $match.Success -or $match.Index -ne $at) { throw 'list-broken' }
        try { $piece = Or-EntityText $match } catch { throw 'list-broken' }
        $length = $match.Length
      }
      foreach ($c in $piece.ToCharArray()) { $map.Add($at) }
      $null = $out.Append($piece)
      $at += $length
    }
    $map.Add($source.Length)
    $text = $out.ToString()
  }
  $tokens = New-Object Collections.ArrayList
  $at = 0
  while ($true) {
    $match = $script:orToken.Match($text, $at)
    if (-not $match.Success) { break }
    $null = $tokens.Add($match.Groups[1])
    $at = $match.Index + $match.Length
  }
  if ($text.Substring($at).Trim([char]32, [char]9, [char]10, [char]13).Length -gt 0) { throw 'list-broken' }
  $state = @{ Tokens = $tokens; At = 0; Entries = (New-Object Collections.ArrayList); Lead = 0; Source = $source; Map = $map; Text = $text }
  if ($tokens.Count -eq 0 -or $tokens[0].Value -ne '[') { throw 'list-broken' }
  Or-Value $state 0
  if ($state.At -ne $tokens.Count) { throw 'list-broken' }
  if (Or-IsBroken $state.Entries) { throw 'list-broken' }
  return $state
}

function Or-Next($state) {
  if ($state.At -ge $state.Tokens.Count) { throw 'list-broken' }
  $token = $state.Tokens[$state.At]
  $state.At++
  return $token
}

# Moves behind one value. Depth 1 is an entry: its properties are noted.
function Or-Value($state, [int]$depth) {
  if ($depth -gt 40) { throw 'list-broken' }
  $token = Or-Next $state
  $c = $token.Value
  if ($depth -eq 1 -and $c -ne '{') { throw 'list-broken' }
  if ($c -eq '[' -or $c -eq '{') {
    $close = if ($c -eq '[') { ']' } else { '}' }
    if ($depth -eq 0) { $state.Lead = $token.Index + 1 }
    $lead = $state.Lead
    $fields = @{}
    if ($state.At -lt $state.Tokens.Count -and $state.Tokens[$state.At].Value -eq $close) { $end = Or-Next $state }
    else {
      while ($true) {
        $key = ''
        if ($c -eq '{') {
          $name = Or-Next $state
          if ($name.Value[0] -ne [char]34) { throw 'list-broken' }
          $key = $name.Value.Substring(1, $name.Length - 2).ToLowerInvariant()
          if ((Or-Next $state).Value -ne ':') { throw 'list-broken' }
        }
        $begin = $state.At
        Or-Value $state ($depth + 1)
        if ($depth -eq 1) {
          if ($key.IndexOf([char]92) -ge 0 -or $fields.ContainsKey($key)) { throw 'list-broken' }
          $fields[$key] = $state.Tokens[$begin]
        }
        $end = Or-Next $state
        if ($end.Value -eq $close) { break }
        if ($end.Value -ne ',') { throw 'list-broken' }
        if ($depth -eq 0) { $state.Lead = $end.Index + 1 }
      }
    }
    if ($depth -eq 1) {
      $texts = @{}
      foreach ($name in @('thumbprint', 'communicationstyle', 'address', 'squid', 'subscriptionid')) {
        $texts[$name] = $null
        if (-not $fields.ContainsKey($name) -or $fields[$name].Value -ceq 'null') { continue }
        if ($fields[$name].Value[0] -eq [char]34) { $texts[$name] = Or-PlainText $fields[$name].Value }
        elseif ($name -eq 'communicationstyle') { $texts[$name] = $fields[$name].Value }
        else { throw 'list-broken' }
      }
      if ($fields.ContainsKey('communicationstyle') -and $null -eq $texts.communicationstyle) { throw 'list-broken' }
      $entry = Or-Entry $texts.thumbprint $texts.communicationstyle $texts.address $texts.squid $texts.subscriptionid
      if ($null -eq $entry) { throw 'list-broken' }
      $entry.Lead = $lead; $entry.Begin = $token.Index; $entry.End = $end.Index + 1
      $entry.From = $fields['thumbprint'].Index + 1; $entry.To = $fields['thumbprint'].Index + $fields['thumbprint'].Length - 1
      $null = $state.Entries.Add($entry)
    }
    return
  }
  if ($c -eq ']' -or $c -eq '}' -or $c -eq ',' -or $c -eq ':') { throw 'list-broken' }
}

function Or-Raw($state, [int]$from, [int]$until) {
  if ($null -eq $state.Map) { return $state.Source.Substring($from, $until - $from) }
  return $state.Source.Substring($state.Map[$from], $state.Map[$until] - $state.Map[$from])
}

function Or-Carries($entry, [string]$thumbprint) { return (Or-Same $entry.Plain $thumbprint) -and -not $entry.Web }

function Or-SameButThumbprint($one, $other) { return $one.Style -eq $other.Style -and (Or-Same $one.Account $other.Account) }

function Or-RefuseEqual($pairs) {
  $taken = Or-Set
  foreach ($pair in $pairs) { if (-not $taken.Add($pair)) { throw 'duplicate-entries' } }
}

function Or-Key([string]$thumbprint, $entry) { return $thumbprint + [char]9 + $entry.Place }

# The value with a twin of $thumbprint beside each entry with $beside. Throws the reason why not.
function Or-AddTwins([string]$source, [string]$thumbprint, [string]$beside) {
  $state = Or-Parse $source
  $olds = @($state.Entries | Where-Object { Or-Carries $_ $beside })
  if (@($olds | Where-Object { $_.Polled }).Count -eq 0) {
    if (@($state.Entries | Where-Object { $_.Polled -and (Or-Same $_.Thumbprint $thumbprint) }).Count -gt 0) { return $source }
    throw 'no-pollable-entry'
  }
  foreach ($old in $olds) {
    $twins = @($state.Entries | Where-Object { (Or-Same $_.Plain $thumbprint) -and (Or-Same $_.Place $old.Place) })
    if ($twins.Count -gt 1) { throw 'duplicate-entries' }
    if ($twins.Count -eq 0) { $old.Twin = $true }
    elseif (-not (Or-SameButThumbprint $twins[0] $old)) { throw 'twin-differs' }
    elseif (-not (Or-Same $twins[0].Thumbprint $thumbprint)) { $twins[0].Mend = $true }
  }
  Or-RefuseEqual (@($state.Entries | ForEach-Object { Or-Key $_.Plain $_ }) + @($olds | Where-Object { $_.Twin } | ForEach-Object { Or-Key $thumbprint $_ }))
  $out = New-Object Text.StringBuilder
  $at = 0
  foreach ($one in $state.Entries) {
    if ($one.Mend) { $null = $out.Append((Or-Raw $state $at $one.From)).Append($thumbprint); $at = $one.To }
    if ($one.Twin) {
      $null = $out.Append((Or-Raw $state $at $one.End)).Append(',').Append((Or-Raw $state $one.Lead $one.From)).Append($thumbprint).Append((Or-Raw $state $one.To $one.End))
      $at = $one.End
    }
  }
  return $out.Append((Or-Raw $state $at $state.Text.Length)).ToString()
}

# The value without the entries that carry $thumbprint, whose twins with $keep must be there. Throws the reason why not.
function Or-DropTwinned([string]$source, [string]$thumbprint, [string]$keep) {
  $state = Or-Parse $source
  $kept = @($state.Entries | Where-Object { Or-Same $_.Thumbprint $keep })
  if (@($kept | Where-Object { $_.Polled }).Count -eq 0) { throw 'keep-missing' }
  foreach ($one in $state.Entries) {
    if (-not (Or-Carries $one $thumbprint)) { continue }
    $one.Gone = $true
    if ($one.Style -eq 1 -and $one.Place -eq 'null') { continue }
    if (@($kept | Where-Object { (Or-Same $_.Place $one.Place) -and (Or-SameButThumbprint $_ $one) }).Count -eq 0) { throw 'twin-missing' }
  }
  Or-RefuseEqual @($state.Entries | Where-Object { -not $_.Gone } | ForEach-Object { Or-Key $_.Plain $_ })
  $first = $state.Entries[0].Lead
  $out = New-Object Text.StringBuilder
  $null = $out.Append((Or-Raw $state 0 $first))
  $before = -1
  $some = $false
  foreach ($one in $state.Entries) {
    if (-not $one.Gone) {
      if ($some) { $null = $out.Append((Or-Raw $state $before $one.Lead)) }
      $null = $out.Append((Or-Raw $state $one.Lead $one.End))
      $some = $true
    }
    $before = $one.End
  }
  return $out.Append((Or-Raw $state $before $state.Text.Length)).ToString()
}

# What is to be written: the value as found and as wished. Both are kept in the state folder and outlive a kill (D17).
function Or-Plan {
  $script:orChange = $false
  if (-not (Or-Locate)) { Or-Finish 'refused' 'no-configuration-file' }
  $reason = ''
  try {
    $script:orFound = Or-ValueIn (Or-ReadConfiguration ([IO.File]::ReadAllBytes($script:orConfiguration)) '${KEYS.list}')
    # The file must be what the Tentacle reads: nothing else is worth editing.
    if (-not (Or-Same (Or-Lines (Or-Parse $script:orFound).Entries) (Or-Lines $script:orBefore))) { throw 'configuration-differs' }
    if ($script:orOperation -eq 'add') { $script:orWanted = Or-AddTwins $script:orFound $script:orThumbprint $script:orPartner }
    else { $script:orWanted = Or-DropTwinned $script:orFound $script:orThumbprint $script:orPartner }
  } catch { $reason = Or-ReasonOf $_ }
  if ($reason -ne '') { Or-Finish 'refused' $reason }
  if (Or-Same $script:orFound $script:orWanted) { return }
  if (-not (Or-IsSound)) { Or-Finish 'failed' 'twin-differs' }
  $script:orChange = $true
  $script:orExpected = Or-Lines (Or-Parse $script:orWanted).Entries
  $script:orOld = Or-Lines $script:orBefore
  $script:orInverse = @('exchange')
}

# Held once more against the text that would be written: foreign entries byte-equal, what is polled with the certificate that stays as before.
function Or-IsSound {
  $before = Or-Parse $script:orFound
  $after = Or-Parse $script:orWanted
  $foreign = foreach ($state in @($before, $after)) { @($state.Entries | Where-Object { -not (Or-IsOurs $_.Plain) -or $_.Web } | ForEach-Object { Or-Raw $state $_.Begin $_.End }) -join [char]10 }
  if (-not (Or-Same $foreign[0] $foreign[1])) { return $false }
  $polled = foreach ($pair in @(@($before, $script:orPartner), @($after, $script:orPartner), @($after, $script:orThumbprint))) {
    @($pair[0].Entries | Where-Object { $_.Polled -and (Or-Same $_.Thumbprint $pair[1]) } | ForEach-Object { $_.Place + [char]9 + $_.Account }) -join [char]10
  }
  if (-not (Or-Same $polled[0] $polled[1])) { return $false }
  if ($script:orOperation -ne 'add') { return $polled[0] -ne '' -and $polled[2] -eq '' }
  $twins = @($polled[2].Split([char]10))
  foreach ($one in $polled[0].Split([char]10)) { if ($one -ne '' -and $twins -cnotcontains $one) { return $false } }
  return $true
}

function Or-Apply {
  try {
    Or-WriteFile (Or-FolderFile 'value-old') (Or-Utf8 $script:orFound)
    Or-WriteFile (Or-FolderFile 'value-new') (Or-Utf8 $script:orWanted)
  } catch { return 'write-failed' }
  return Or-Swap @(@{ Key = '${KEYS.list}'; From = $script:orFound; To = $script:orWanted })
}

function Or-Saved([string]$name) { return (New-Object Text.UTF8Encoding $false).GetString([IO.File]::ReadAllBytes((Or-FolderFile $name))) }

function Or-Undo { $null = Or-Swap @(@{ Key = '${KEYS.list}'; From = (Or-Saved 'value-new'); To = (Or-Saved 'value-old') }) }

# An earlier run wrote and was killed before its restart was armed, or its restart was deferred: its two values lead back.
function Or-PlanBack {
  if (-not (Or-Same "$(Or-StateValue 'operation') $(Or-StateValue 'thumbprint')" "$script:orOperation $script:orThumbprint")) { return }
  try {
    if (-not (Or-Same (Or-Saved 'value-new') $script:orFound)) { return }
    $script:orOld = Or-Lines (Or-Parse (Or-Saved 'value-old')).Entries
  } catch { return }
  $script:orInverse = @('exchange')
}
`;

/** PowerShell: what the script writes on a listening Tentacle, by its command line, and the way back (tentacle-trust.md section 6). */
export const LISTENING = String.raw`
function Or-Passive([string]$thumbprint) { return Or-Entry $thumbprint 1 $null $null $null }

# What is to be written: options for configure, the list expected then, and the way back.
function Or-Plan {
  $script:orChange = $false
  $script:orOptions = @()
  $old = Or-Lines $script:orBefore
  if ($script:orOperation -eq 'add') {
    if (@($script:orBefore | Where-Object { Or-Same $_.Thumbprint $script:orThumbprint }).Count -gt 0) { return }
    # configure --trust replaces a passive entry that differs in letter case only.
    $replaced = @($script:orBefore | Where-Object { (Or-Same $_.Thumbprint.ToUpperInvariant() $script:orThumbprint) -and $_.Address -eq 'null' })
    $script:orOptions = @("--trust=$script:orThumbprint")
    $rest = @($script:orBefore | Where-Object { -not ((Or-Same $_.Thumbprint.ToUpperInvariant() $script:orThumbprint) -and $_.Address -eq 'null') })
    $script:orExpected = Or-Lines ($rest + @(Or-Passive $script:orThumbprint))
    if ($replaced.Count -eq 0) { $script:orInverse = @("--remove-trust=$script:orThumbprint") }
    else { $script:orInverse = @($replaced | ForEach-Object { "--trust=$($_.Thumbprint)" }) }
  } else {
    if (@($script:orBefore | Where-Object { Or-Same $_.Plain $script:orPartner }).Count -eq 0) { Or-Finish 'refused' 'keep-missing' }
    $matches1 = @($script:orBefore | Where-Object { Or-Same $_.Plain $script:orThumbprint })
    if ($matches1.Count -eq 0) { return }
    # A3: an entry that is polled carries the registration with it.
    if (@($matches1 | Where-Object { $_.Style -ne 1 -or $_.Address -ne 'null' -or $_.Account -ne 'null' }).Count -gt 0) { Or-Finish 'refused' 'pollable-entry' }
    # Texts exactly as stored: removing compares letter by letter (A19).
    $script:orOptions = @($matches1 | ForEach-Object { "--remove-trust=$($_.Thumbprint)" })
    $script:orInverse = @($matches1 | ForEach-Object { "--trust=$($_.Thumbprint)" })
    $script:orExpected = Or-Lines @($script:orBefore | Where-Object { -not (Or-Same $_.Plain $script:orThumbprint) })
  }
  $script:orOld = $old
  $script:orChange = $true
}

# Applies options of configure, one command each.
function Or-Configure([string[]]$options) {
  $why = ''
  foreach ($option in $options) { if ((Or-Tentacle @('configure', $option)).Code -ne 0) { $why = 'configure-failed' } }
  return $why
}

function Or-Apply { return Or-Configure $script:orOptions }

function Or-Undo { $null = Or-Configure $script:orInverse }

# An earlier run wrote and was killed before its restart was armed: the way back is known from the start-up log or from its own note.
function Or-PlanBack {
  $pending = Or-Same "$(Or-StateValue 'state') $(Or-StateValue 'operation') $(Or-StateValue 'thumbprint')" "pending $script:orOperation $script:orThumbprint"
  if (-not $pending -and $script:orEffective -ne 'no') { return }
  $loaded = $null -ne $script:orLoaded -and $script:orLoaded.Trusts.Contains($script:orThumbprint)
  if ($script:orOperation -eq 'add') {
    $alike = @($script:orBefore | Where-Object { Or-Same $_.Plain $script:orThumbprint })
    if ($loaded -or $alike.Count -ne 1 -or -not (Or-Same (Or-Lines $alike) (Or-Lines @(Or-Passive $script:orThumbprint)))) { return }
    $script:orInverse = @("--remove-trust=$script:orThumbprint")
    $script:orOld = Or-Lines @($script:orBefore | Where-Object { -not (Or-Same $_.Plain $script:orThumbprint) })
  } else {
    if ($script:orEffective -ne 'unknown' -and -not $loaded) { return }
    $script:orInverse = @("--trust=$script:orThumbprint")
    $script:orOld = Or-Lines (@($script:orBefore) + @(Or-Passive $script:orThumbprint))
  }
}
`;

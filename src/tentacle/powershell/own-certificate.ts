import { KEYS } from '../bash/configuration.ts';

/** PowerShell: the Tentacle's own certificate, OLD and NEW, as the values that its configuration file holds; as bash/own-certificate.ts. */
export const OWN_CERTIFICATE = String.raw`
$script:orNames = @('state', 'why', 'rotation', 'old', 'new', 'signature', 'unit', 'boot', 'switched', 'deadline')

function Or-CertFile([string]$name) { return [IO.Path]::Combine($script:orCert, $name) }

# The note of what this Tentacle's certificate is in the middle of. On disk before anything goes on. False where it could not be written.
function Or-Note([string]$state, [string]$why) {
  $script:orC.state = $state
  $script:orC.why = $why
  try {
    $new = Or-CertFile 'state.new'
    Or-WriteFile $new (Or-Utf8 ((@($script:orNames | ForEach-Object { $_ + '=' + $script:orC[$_] }) -join [char]10) + [char]10))
    $file = Or-CertFile 'state'
    if ([IO.File]::Exists($file)) { [IO.File]::Replace($new, $file, [NullString]::Value) } else { [IO.File]::Move($new, $file) }
    return $true
  } catch { return $false }
}

function Or-Recall {
  $script:orC = @{}
  $text = ''
  # Another process may be replacing it at this very moment.
  for ($n = 0; $n -lt 20; $n++) {
    try { if ([IO.File]::Exists((Or-CertFile 'state'))) { $text = [IO.File]::ReadAllText((Or-CertFile 'state')) }; break } catch { Start-Sleep -Milliseconds 100 }
  }
  foreach ($name in $script:orNames) { $script:orC[$name] = [regex]::Match($text, "(?m)^$name=([A-Za-z0-9-]*)\r?$").Groups[1].Value }
  if ($script:orC.state -eq '') { $script:orC.state = 'none' }
}

function Or-CertSaved([string]$name) { return (New-Object Text.UTF8Encoding $false).GetString([IO.File]::ReadAllBytes((Or-CertFile $name))) }

function Or-ConfigurationValue([string]$file, [string]$key) { return Or-ValueIn (Or-ReadConfiguration ([IO.File]::ReadAllBytes($file)) $key) }

# Which certificate the configuration file holds: old, new, or other.
function Or-Which {
  # Where a replacement was cut off between its two renames, the file lies under the other name.
  $kept = "$script:orConfiguration.octopus-rotation.old"
  try { if (-not [IO.File]::Exists($script:orConfiguration) -and [IO.File]::Exists($kept)) { [IO.File]::Move($kept, $script:orConfiguration) } } catch { }
  try {
    $certificate = Or-ConfigurationValue $script:orConfiguration '${KEYS.certificate}'
    $thumbprint = Or-ConfigurationValue $script:orConfiguration '${KEYS.thumbprint}'
    foreach ($one in @('old', 'new')) { if ((Or-Same $certificate (Or-CertSaved "$one-certificate")) -and (Or-Same $thumbprint (Or-CertSaved "$one-thumbprint"))) { return $one } }
  } catch { }
  return 'other'
}

# From the one certificate to the other: both values, or neither. Gives '' or the reason.
function Or-ExchangeCertificate([string]$from, [string]$to) {
  return Or-Swap @(@{ Key = '${KEYS.certificate}'; From = (Or-CertSaved "$from-certificate"); To = (Or-CertSaved "$to-certificate") },
    @{ Key = '${KEYS.thumbprint}'; From = (Or-CertSaved "$from-thumbprint"); To = (Or-CertSaved "$to-thumbprint") })
}

# The Tentacle's command line over the copy of the configuration.
function Or-TentacleAside([string[]]$arguments) { return Or-Run $script:orExecutable ($arguments + "--config=$(Or-CertFile 'aside.config')") }

function Or-LastThumbprint([string]$text) {
  $found = [regex]::Matches($text, '(?<![0-9A-Fa-f])[0-9A-Fa-f]{40}(?![0-9A-Fa-f])')
  if ($found.Count -eq 0) { return '' }
  return $found[$found.Count - 1].Value.ToUpperInvariant()
}

# Does that value open on this machine, and is it that certificate? The thumbprint beside it is made one that no store has, so that the
# value itself must be opened.
function Or-Opens([string]$value, [string]$expected) {
  $edits = @(@{ Key = '${KEYS.certificate}'; From = (Or-CertSaved 'old-certificate'); To = $value }, @{ Key = '${KEYS.thumbprint}'; From = (Or-CertSaved 'old-thumbprint'); To = ('0' * 40) })
  Or-WriteFile (Or-CertFile 'aside.config') (Or-Exchanged $script:orBase $edits)
  return Or-Same (Or-LastThumbprint (Or-TentacleAside @('show-thumbprint')).Out) $expected
}

function Or-FreeKilobytes([string]$path) {
  try { return [long]((New-Object IO.DriveInfo ([IO.Path]::GetPathRoot($path))).AvailableFreeSpace / 1024) } catch { return -1 }
}

# Room for the staged files, and for the megabyte that Tentacle wants free before it writes a configuration file.
function Or-HasRoom {
  foreach ($path in @($script:orHome, $script:orConfiguration)) {
    $free = Or-FreeKilobytes $path
    if ($free -ge 0 -and $free -lt 4096) { return $false }
  }
  return $true
}

# Removes what was staged; the note stays.
function Or-Clear {
  foreach ($name in @('old-certificate', 'old-thumbprint', 'new-certificate', 'new-thumbprint', 'aside.config', 'new.pfx', 'reserve', 'job.ps1', 'state.new')) { try { [IO.File]::Delete((Or-CertFile $name)) } catch { } }
  foreach ($end in @('old', 'new')) { try { if ([IO.File]::Exists($script:orConfiguration)) { [IO.File]::Delete("$script:orConfiguration.octopus-rotation.$end") } } catch { } }
}

# Saves the way back and tries it; makes NEW, imports it into the copy, keeps its values and tries them. Throws the reason why not.
function Or-Make {
  Or-Clear
  $script:orBase = [IO.File]::ReadAllBytes($script:orConfiguration)
  $certificate = Or-ValueIn (Or-ReadConfiguration $script:orBase '${KEYS.certificate}')
  $thumbprint = Or-ValueIn (Or-ReadConfiguration $script:orBase '${KEYS.thumbprint}')
  if ($certificate -eq '' -or -not (Or-Same $thumbprint.ToUpperInvariant() $script:orOwn)) { throw 'configuration-differs' }
  Or-WriteFile (Or-CertFile 'old-certificate') (Or-Utf8 $certificate)
  Or-WriteFile (Or-CertFile 'old-thumbprint') (Or-Utf8 $thumbprint)
  $script:orC.old = $script:orOwn
  if (-not (Or-Opens $certificate $script:orOwn)) { throw 'no-way-back' }
  # It is told to Tentacle alone; the file that it opens is gone before this script ends.
  $random = New-Object byte[] 30
  $generator = [Security.Cryptography.RandomNumberGenerator]::Create()
  try { $generator.GetBytes($random) } finally { $generator.Dispose() }
  $password = [Convert]::ToBase64String($random) -replace '[^A-Za-z0-9]', ''
  if ($password.Length -lt 24) { throw 'new-certificate-failed' }
  Or-WriteFile (Or-CertFile 'aside.config') $script:orBase
  $pfx = Or-CertFile 'new.pfx'
  $made = Or-TentacleAside @('new-certificate', "--export-pfx=$pfx", "--pfx-password=$password")
  if (($made.Out + $made.Err) -match '(?i)unrecognized[^\n]*export-pfx') { throw 'too-old' }
  if ($made.Code -ne 0 -or -not [IO.File]::Exists($pfx) -or (New-Object IO.FileInfo $pfx).Length -eq 0) { if (Or-HasRoom) { throw 'new-certificate-failed' }; throw 'disk-full' }
  $script:orC.new = Or-LastThumbprint $made.Out
  if ($script:orC.new -eq '' -or (Or-Same $script:orC.new $script:orC.old)) { throw 'new-certificate-failed' }
  Or-ReadSignature $pfx $password
  $imported = Or-TentacleAside @('import-certificate', "--from-file=$pfx", "--pfx-password=$password")
  $password = ''
  if ($imported.Code -ne 0) { if (Or-HasRoom) { throw 'import-failed' }; throw 'disk-full' }
  $certificate = Or-ConfigurationValue (Or-CertFile 'aside.config') '${KEYS.certificate}'
  $thumbprint = Or-ConfigurationValue (Or-CertFile 'aside.config') '${KEYS.thumbprint}'
  if (-not (Or-Same $thumbprint.ToUpperInvariant() $script:orC.new)) { throw 'import-failed' }
  Or-WriteFile (Or-CertFile 'new-certificate') (Or-Utf8 $certificate)
  Or-WriteFile (Or-CertFile 'new-thumbprint') (Or-Utf8 $thumbprint)
  if (-not (Or-Opens $certificate $script:orC.new)) { throw 'import-failed' }
  [IO.File]::Delete((Or-CertFile 'aside.config'))
  [IO.File]::Delete($pfx)
}

# What NEW is signed with (B6), and that it is the one whose thumbprint was said.
function Or-ReadSignature([string]$pfx, [string]$password) {
  $script:orC.signature = 'unknown'
  try { $certificate = New-Object Security.Cryptography.X509Certificates.X509Certificate2 ($pfx, $password) } catch { return }
  $algorithm = $certificate.SignatureAlgorithm.Value
  $thumbprint = $certificate.GetCertHashString()
  $certificate.Dispose()
  if (-not (Or-Same $thumbprint.ToUpperInvariant() $script:orC.new)) { throw 'new-certificate-failed' }
  if (@('1.2.840.113549.1.1.4', '1.2.840.113549.1.1.5', '1.2.840.10045.4.1', '1.2.840.10040.4.3', '1.3.14.3.2.29') -ccontains $algorithm) { throw 'sha1-certificate' }
  if ($algorithm -match '^1\.2\.840\.113549\.1\.1\.1[123]$|^1\.2\.840\.10045\.4\.3\.[234]$') { $script:orC.signature = 'strong' }
}
`;

import { createCipheriv, randomBytes } from 'node:crypto';

/**
 * The helper functions a PowerShell script finds in Octopus. Ours, with the behaviour that was recorded of Calamari's
 * (test/conformance/fixtures/calamari-bodies.jsonl; step-packages.md section 8.4): native arguments are passed the old way,
 * a level's block is opened and closed around each line, an uncaught error goes to stderr and ends with 1, Fail-Step with 255.
 */
const helpers = String.raw`
function ConvertTo-OctopusBase64([string]$text) { [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($text)) }

function Set-OctopusVariable([string]$name, [string]$value, [switch]$sensitive) {
  $more = if ($sensitive) { " sensitive='$(ConvertTo-OctopusBase64 'True')'" } else { '' }
  Write-Host "##octopus[setVariable name='$(ConvertTo-OctopusBase64 $name)' value='$(ConvertTo-OctopusBase64 $value)'$more]"
}

function Fail-Step([string]$message) {
  if ($message) { Write-Host "##octopus[resultMessage message='$(ConvertTo-OctopusBase64 $message)']" }
  exit -1
}

function New-OctopusArtifact {
  [CmdletBinding()]
  param(
    [Parameter(ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)][Alias('fullname')][Alias('path')][string]$fullpath,
    [Parameter(ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)][string]$name = ''
  )
  process {
    if (-not (Test-Path $fullpath)) { Write-Verbose "There is no file at '$fullpath' right now. Writing the service message just in case the file is available when the artifacts are collected at a later point in time." }
    if ($name -eq '') { $name = [IO.Path]::GetFileName($fullpath) }
    $length = ([IO.FileInfo]$fullpath).Length
    if (-not $length) { $length = 0 }
    $fullpath = [IO.Path]::GetFullPath($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($fullpath))
    Write-Verbose "Artifact $name will be collected from $fullpath after this step completes"
    Write-Host "##octopus[createArtifact path='$(ConvertTo-OctopusBase64 $fullpath)' name='$(ConvertTo-OctopusBase64 $name)' length='$(ConvertTo-OctopusBase64 $length.ToString())']"
  }
}

function Update-Progress {
  [CmdletBinding()]
  param([int]$percentage, [Parameter(ValueFromPipeline = $true)][string]$message)
  process { Write-Host "##octopus[progress percentage='$(ConvertTo-OctopusBase64 $percentage)' message='$(ConvertTo-OctopusBase64 $message)']" }
}

function Write-Verbose {
  [CmdletBinding()]
  param([Parameter(ValueFromPipeline = $true)][string]$message)
  begin { Write-Host '##octopus[stdout-verbose]' } process { Write-Host $message } end { Write-Host '##octopus[stdout-default]' }
}
function Write-Debug {
  [CmdletBinding()]
  param([Parameter(ValueFromPipeline = $true)][string]$message)
  process { Write-Verbose $message }
}
function Write-Highlight {
  [CmdletBinding()]
  param([Parameter(ValueFromPipeline = $true)][string]$message)
  begin { Write-Host '##octopus[stdout-highlight]' } process { Write-Host $message } end { Write-Host '##octopus[stdout-default]' }
}
function Write-Wait {
  [CmdletBinding()]
  param([Parameter(ValueFromPipeline = $true)][string]$message)
  begin { Write-Host '##octopus[stdout-wait]' } process { Write-Host $message } end { Write-Host '##octopus[stdout-default]' }
}
function Write-Warning {
  [CmdletBinding()]
  param([Parameter(ValueFromPipeline = $true)][string]$message)
  begin { Write-Host '##octopus[stdout-warning]' } process { if ($WarningPreference -ne 'SilentlyContinue') { Write-Host $message } } end { Write-Host '##octopus[stdout-default]' }
}

foreach ($unknown in 'New-OctopusTarget', 'Remove-OctopusTarget', 'Report-KubernetesManifest', 'Report-KubernetesManifestFile', 'Execute-WithRetry') {
  Set-Item -Path "function:$unknown" -Value ([scriptblock]::Create("throw 'This embedded Octopus does not know the function $unknown.'"))
}

function Read-OctopusParameters([string]$iv, [string]$encrypted) {
  $found = New-Object 'System.Collections.Generic.Dictionary[String,String]' (, [StringComparer]::OrdinalIgnoreCase)
  $aes = [Security.Cryptography.Aes]::Create()
  $aes.Key = [Convert]::FromBase64String($OctopusKey)
  $aes.IV = [Convert]::FromBase64String($iv)
  $bytes = [Convert]::FromBase64String($encrypted)
  $plain = [Text.Encoding]::UTF8.GetString($aes.CreateDecryptor().TransformFinalBlock($bytes, 0, $bytes.Length))
  foreach ($line in $plain.Split("${'`'}n")) {
    if ($line -eq '') { continue }
    $name, $value = $line.Split('$') | ForEach-Object { [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($_)) }
    $found[$name] = [string]$value
  }
  return $found
}

function Write-OctopusEnvironment {
  if ($OctopusParameters['Octopus.Action.Script.SuppressEnvironmentLogging'] -eq 'True') { return }
  Write-Host '##octopus[stdout-verbose]'
  Write-Host 'PowerShell Environment Information:'
  Write-Host "  OperatingSystem: $([Environment]::OSVersion)"
  Write-Host "  MachineName: $([Environment]::MachineName)"
  Write-Host "  ProcessorCount: $([Environment]::ProcessorCount)"
  Write-Host "  CurrentDirectory: $([IO.Directory]::GetCurrentDirectory())"
  Write-Host "  TempDirectory: $([IO.Path]::GetTempPath())"
  Write-Host "  HostProcess: $((Get-Process -Id $PID).ProcessName) ($PID)"
  Write-Host '##octopus[stdout-default]'
}
`;

/** What PowerShell is started with: helpers, variables encrypted under a key that only the command line carries, the script. */
export function powerShellBootstrap(variables: Iterable<[string, string]>, scriptFile: string): { key: string; text: string } {
  const [key, iv] = [randomBytes(32), randomBytes(16)];
  const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');
  const all = [...variables];
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const encrypted = Buffer.concat([cipher.update(all.map(([name, value]) => `${base64(name)}$${base64(value)}\n`).join(''), 'utf8'), cipher.final()]).toString('base64');
  const text = [
    "param([string]$OctopusKey = '')", "$ErrorActionPreference = 'Stop'", "$PSNativeCommandArgumentPassing = 'Legacy'", helpers,
    'Write-Verbose ($PSVersionTable | Out-String -Width 200)', '$MaximumVariableCount = 32768',
    `$OctopusParameters = Read-OctopusParameters '${iv.toString('base64')}' '${encrypted}'`,
    ...all.flatMap(([name]) => localVariable(name)), 'Write-OctopusEnvironment',
    'try {', `  . '${scriptFile.replaceAll("'", "''")}'`, '} catch {',
    '  [Console]::Error.WriteLine("$($error[0].CategoryInfo.Category): $($error[0].Exception.Message)")',
    '  [Console]::Error.WriteLine($error[0].InvocationInfo.PositionMessage)', '  [Console]::Error.WriteLine($error[0].ScriptStackTrace)',
    '  if ($null -ne $error[0].ErrorDetails) { [Console]::Error.WriteLine($error[0].ErrorDetails.Message) }', '  exit 1', '}',
    'if (Test-Path variable:global:lastexitcode) { exit $LastExitCode }', '',
  ].join('\n');
  return { key: key.toString('base64'), text };
}

/** The automatic local of a variable: its name without anything but letters and digits, unless such a variable is there already. */
function localVariable(name: string): string[] {
  const local = name.replaceAll(/[^A-Za-z0-9]/g, '');
  if (local === '' || /^\d/.test(local)) return [];
  return [`if (-not (Test-Path variable:${local})) { $${local} = $OctopusParameters['${name.replaceAll("'", "''")}'] }`];
}

/** The arguments that PowerShell is started with. The profile is loaded unless the step says otherwise. */
export function powerShellArguments(bootstrapFile: string, key: string, withoutProfile: boolean): string[] {
  return [...(withoutProfile ? ['-NoProfile'] : []), '-NoLogo', '-NonInteractive', '-ExecutionPolicy', 'Unrestricted', '-Command',
    `Try {. {. '${bootstrapFile.replaceAll("'", "''")}' -OctopusKey '${key}'; if ((test-path variable:global:lastexitcode)) { exit $LastExitCode }};} catch { throw }`];
}

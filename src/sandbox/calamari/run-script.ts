import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { parseTemplate } from '../octostache/parser.ts';
import { Variables } from '../octostache/variables.ts';
import { bashBootstrap, bashConfiguration } from './bash-bootstrap.ts';
import { LineSplitter } from './line-splitter.ts';
import { stagePackages } from './packages.ts';
import { powerShellArguments, powerShellBootstrap } from './powershell-bootstrap.ts';
import { decryptVariables } from './variables-file.ts';

const usage = 'Usage: calamari run-script --variables FILE --variablesPassword PASSWORD';

/**
 * `run-script`, in the current directory, which is the script's own folder on the Tentacle: packages staged, `#{...}` in the
 * body expanded, Bash or PowerShell run under the helpers, and only when the script's stdout and stderr are closed, its exit code reported
 * and returned (step-packages.md sections 8.3, 8.4, 8.6). Throws with one plain sentence.
 */
export async function runScript(args: string[]): Promise<number> {
  const variables = readVariables(args);
  const workingDirectory = process.cwd();
  const setOutput = (name: string, value: string): void => {
    say(process.stdout, `##octopus[setVariable name="${base64(name)}" value="${base64(value)}"]`);
    variables.set(name, value);
    const action = variables.get('Octopus.Action.Name');
    if (action) variables.set(`Octopus.Action[${action}].Output.${name}`, value);
    const machine = variables.get('Octopus.Machine.Name');
    if (action && machine) variables.set(`Octopus.Action[${action}].Output[${machine}].${name}`, value);
  };

  const syntax = variables.get('Octopus.Action.Script.Syntax');
  if (syntax !== 'Bash' && syntax !== 'PowerShell') throw new Error(`This embedded Octopus runs Bash and PowerShell scripts only, not "${syntax ?? ''}".`);
  if (syntax === 'Bash' && process.env.OS === 'Windows_NT') throw new Error('Bash scripts are not supported on this platform.');
  const body = variables.raw('Octopus.Action.Script.ScriptBody');
  if (!body) throw new Error('Could not determine script to run: Octopus.Action.Script.ScriptBody is empty.');
  const verbose = (line: string): void => {
    say(process.stdout, '##octopus[stdout-verbose]');
    say(process.stdout, line);
    say(process.stdout, '##octopus[stdout-default]');
  };
  stagePackages(variables, workingDirectory, verbose, setOutput);

  // The real one expands such a body piece by piece, as far as it can; nobody should rely on that.
  if (body.includes('#{') && parseTemplate(body) === null) throw new Error('The script body holds a #{ that is no Octostache expression. This embedded Octopus expands a body as a whole or not at all.');
  const text = variables.evaluate(body).text;
  const { code, errors } = syntax === 'Bash' ? await runBash(text, variables, workingDirectory) : await runPowerShell(text, variables, workingDirectory);
  const exitCode = code === 0 && errors && variables.flag('Octopus.Action.FailScriptOnErrorOutput') ? -1 : code;
  setOutput('Octopus.Action.Script.ExitCode', String(exitCode));
  return exitCode;
}

function readVariables(args: string[]): Variables {
  const [command, first, file, second, password, ...more] = args;
  if (command !== 'run-script' || first !== '--variables' || file === undefined || second !== '--variablesPassword' || password === undefined || more.length > 0) throw new Error(usage);
  return new Variables(Object.entries(decryptVariables(readFileSync(file), password)));
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function say(stream: NodeJS.WriteStream, line: string): void {
  stream.write(`${line}\n`);
}

function valuesOf(variables: Variables): [string, string][] {
  return variables.names().map((name): [string, string] => [name, variables.get(name) ?? '']);
}

/** Under `pwsh`, found by its name in PATH or named by SANDBOX_PWSH; also where a Windows machine would take 5.1. */
async function runPowerShell(body: string, variables: Variables, workingDirectory: string): Promise<{ code: number; errors: boolean }> {
  const script = join(workingDirectory, 'Script.ps1');
  const bootstrapFile = join(workingDirectory, `Bootstrap.${randomUUID()}.Script.ps1`);
  const { key, text } = powerShellBootstrap(valuesOf(variables), script);
  // With a byte order mark, or Windows PowerShell reads them in the machine's code page.
  writeFileSync(script, `\uFEFF${body}`);
  try {
    writeFileSync(bootstrapFile, `\uFEFF${text}`, { mode: 0o600 });
    return await execute(process.env.SANDBOX_PWSH || 'pwsh', powerShellArguments(bootstrapFile, key, variables.flag('Octopus.Action.PowerShell.ExecuteWithoutProfile')), workingDirectory);
  } finally {
    rmSync(bootstrapFile, { force: true });
  }
}

async function runBash(body: string, variables: Variables, workingDirectory: string): Promise<{ code: number; errors: boolean }> {
  const script = 'Script.sh';
  writeFileSync(join(workingDirectory, script), body.replaceAll('\r\n', '\n'));
  const id = randomUUID();
  const configurationFile = `Configure.${id}.sh`;
  const bootstrapFile = `Bootstrap.${id}.${script}`;
  const { key, text } = bashConfiguration(valuesOf(variables));
  const temporary = [configurationFile, bootstrapFile].map((name) => join(workingDirectory, name));
  try {
    writeFileSync(temporary[0] as string, text, { mode: 0o600 });
    writeFileSync(temporary[1] as string, bashBootstrap(configurationFile, script), { mode: 0o600 });
    return await execute('bash', [bootstrapFile, key], workingDirectory);
  } finally {
    for (const file of temporary) rmSync(file, { force: true });
  }
}

/** Resolves on `close`: the process has ended and nobody, not even a child left in the background, holds its streams. */
function execute(command: string, args: string[], cwd: string): Promise<{ code: number; errors: boolean }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, OctopusCalamariWorkingDirectory: cwd } });
    let errors = false;
    for (const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]] as const) {
      const splitter = new LineSplitter();
      const pass = (lines: string[]): void => {
        for (const line of lines) {
          if (to === process.stderr && line.trim() !== '' && !line.startsWith('##octopus')) errors = true;
          say(to, line);
        }
      };
      from.on('data', (chunk: Buffer) => {
        pass(splitter.push(chunk));
        if (to.writableNeedDrain) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      });
      from.on('end', () => pass(splitter.end()));
    }
    child.on('error', (error) => reject(new Error(`Unable to execute ${command}, please ensure that ${command} is installed and is in the PATH. (${error.message})`)));
    child.on('close', (code, signal) => resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), errors }));
  });
}

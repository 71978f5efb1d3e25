import { spawn } from 'node:child_process';
import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface Run { code: number | null; stdout: string; stderr: string; /** What the service messages of that name carry, decoded. */ messages(name: string): Record<string, string>[] }

/**
 * Runs an extracted step package as Calamari does (step-packages.md 4): inputs substituted, all variables encrypted into a file, node with the
 * bootstrapper's command line.
 */
export async function runStepPackage(folder: string, inputs: Record<string, unknown>, options: { variables?: Record<string, string>; env?: Record<string, string> } = {}): Promise<Run> {
  const variables = { ...options.variables, 'Octopus.Step.Inputs': substitute(JSON.stringify(inputs), options.variables ?? {}), 'Octopus.Step.Target': '{}' };
  const password = randomBytes(16).toString('base64');
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync(password, 'Octopuss', 1000, 32, 'sha1'), iv);
  const file = join(folder, '..', `${randomBytes(8).toString('hex')}.variables`);
  writeFileSync(file, Buffer.concat([Buffer.from('IV__', 'latin1'), iv, cipher.update(JSON.stringify(variables), 'utf8'), cipher.final()]), { mode: 0o600 });
  const child = spawn(process.execPath, [resolve('test/packaging/octopus/bootstrapper.cjs'), 'Execute', folder, file, password, 'Octopuss', 'Octopus.Step.Inputs', 'Octopus.Step.Target'],
    { cwd: join(folder, '..'), env: { PATH: process.env['PATH'] ?? '', ...options.env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  rmSync(file);
  return { code, stdout, stderr, messages: (name) => messagesIn(stdout, name) };
}

/** Each text that is one expression becomes its value; one that has none stays. */
function substitute(json: string, variables: Record<string, string>): string {
  return json.replace(/"#\{([^{}"]+)\}"/g, (whole, name: string) => (variables[name] === undefined ? whole : JSON.stringify(variables[name])));
}

function messagesIn(stdout: string, name: string): Record<string, string>[] {
  return [...stdout.matchAll(/^##octopus\[([\w-]+)(.*)\]$/gm)].filter((each) => each[1] === name)
    .map(([, , attributes = '']) => Object.fromEntries([...attributes.matchAll(/ (\w+)='([A-Za-z0-9+/=]*)'/g)].map(([, key, value]) => [key!, Buffer.from(value!, 'base64').toString('utf8')])));
}

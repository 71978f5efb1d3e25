import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { unzipSync } from 'fflate';

/** What a process said and how it ended. */
export interface Ended { code: number | null; out: string; error: string }

const DIST = resolve(import.meta.dirname, '..', '..', 'dist');

/** Runs a program to its end, in exactly this environment; never blocks the test's own servers. */
export function runProgram(file: string, args: string[], options: { env?: Record<string, string>; stdin?: string; folder?: string } = {}): Promise<Ended> {
  return new Promise((done, fail) => {
    const child = spawn(file, args, { env: { PATH: process.env['PATH'] ?? '', ...options.env }, ...(options.folder === undefined ? {} : { cwd: options.folder }), stdio: 'pipe' });
    let [out, error] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { error += text; });
    child.once('error', fail);
    child.once('close', (code) => done({ code, out, error }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
  });
}

/** The `octopus-rotation` command as it is shipped. */
export function octopusRotation(args: string[], options: { env?: Record<string, string>; folder?: string } = {}): Promise<Ended> {
  return runProgram(process.execPath, [join(DIST, 'octopus-rotation.js'), ...args], options);
}

/** Extracts the shipped feed package into a folder, as Calamari does. */
export function extractPackage(folder: string): string {
  const packages = join(DIST, 'packages');
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(join(packages, readdirSync(packages).find((each) => each.endsWith('.zip'))!))))) writeFileSync(join(folder, name), bytes);
  return folder;
}

/** Feeds a phase's bundle as the Bash body of its step does: base64 JSON on standard input. */
export function runPhase(extracted: string, phase: string, inputs: Record<string, string>, env: Record<string, string> = {}): Promise<Ended> {
  return runProgram(process.execPath, ['--no-warnings', join(extracted, `${phase}.js`)], { stdin: `${Buffer.from(JSON.stringify({ phase, inputs })).toString('base64')}\n`, env });
}

/** The refusals that a step printed, out of the log lines of Calamari's protocol. */
export function refusalCodes(out: string): string[] {
  return [...out.matchAll(/^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+): /gm)].map((match) => match[1]!);
}

import { mkdirSync, readFileSync, copyFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, resolve, sep } from 'node:path';
import type { Variables } from '../octostache/variables.ts';
import { unzip } from './unzip.ts';

/** What Calamari says about a staged package: an output variable for each path. */
export type SetOutput = (name: string, value: string) => void;

const pattern = /^Octopus\.Action\.Package\[(.*)\]\.OriginalPath$/i;

/**
 * Stages each package reference that the server acquired (step-packages.md section 7.1): extracted to
 * `<working directory>/<reference name, sanitised>` when `Extract` is True, copied beside the script otherwise. The reference
 * without a name is the step's own package, which `Octopus.Script` with an inline body does not have: refused.
 */
export function stagePackages(variables: Variables, workingDirectory: string, log: (line: string) => void, setOutput: SetOutput): void {
  for (const name of variables.names()) {
    const reference = pattern.exec(name)?.[1];
    if (reference === undefined) continue;
    if (reference === '') throw new Error('This embedded Octopus does not stage a package reference without a name.');
    const original = resolve(workingDirectory, variables.get(name) ?? '');
    const folder = sanitised(reference);
    if (folder === '' || folder === '.' || folder === '..') throw new Error(`The package reference "${reference}" leaves no usable folder name.`);
    if (variables.flag(`Octopus.Action.Package[${reference}].Extract`)) {
      const target = join(workingDirectory, folder);
      log(`Extracting dependency '${original}' to '${target}'`);
      extract(original, target);
      setOutput(`Octopus.Action.Package[${reference}].ExtractedPath`, target);
    } else {
      const fileName = `${folder}${extname(original)}`;
      const target = join(workingDirectory, fileName);
      log(`Copying dependency: '${original}' -> '${target}'`);
      copyFileSync(original, target);
      setOutput(`Octopus.Action.Package[${reference}].PackageFilePath`, target);
      setOutput(`Octopus.Action.Package[${reference}].PackageFileName`, fileName);
    }
  }
}

/** `RemoveInvalidFileNameChars` on Linux: NUL and slash are dropped. */
function sanitised(reference: string): string {
  return reference.replace(/[\0/]/g, '');
}

/** Permissions in the zip are not restored. An entry that leads outside the folder is refused. */
function extract(zip: string, target: string): void {
  mkdirSync(target, { recursive: true });
  for (const { name, content } of unzip(readFileSync(zip))) {
    const path = resolve(target, name);
    if (path !== target && !path.startsWith(target + sep)) throw new Error(`The package contains an entry outside its folder: ${name}`);
    if (name.endsWith('/')) {
      mkdirSync(path, { recursive: true });
      continue;
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

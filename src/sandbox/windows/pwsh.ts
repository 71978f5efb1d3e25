import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Pwsh { path: string; version: string }

/** The PowerShell that plays a Windows machine's: named by SANDBOX_PWSH, else `pwsh` in PATH; null where there is none that runs. */
export function findPwsh(env: NodeJS.ProcessEnv): Pwsh | null {
  const candidates = env.SANDBOX_PWSH ? [env.SANDBOX_PWSH] : (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '').map((folder) => join(folder, 'pwsh'));
  const path = candidates.find(isExecutable);
  if (path === undefined) return null;
  const { status, stdout } = spawnSync(path, ['-NoProfile', '-NonInteractive', '-Command', '$PSVersionTable.PSVersion.ToString()'], { encoding: 'utf8', timeout: 60_000 });
  const version = (stdout ?? '').trim();
  return status === 0 && /^\d+\.\d+/.test(version) ? { path, version } : null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

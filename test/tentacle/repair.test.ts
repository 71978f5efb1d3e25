import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repairCommand } from '../../src/tentacle/repair.ts';
import type { Thumbprint } from '../../src/certificates/thumbprint.ts';

const NEW = 'B'.repeat(40) as Thumbprint;
const OLD = 'A'.repeat(40) as Thumbprint;

describe('repairCommand', () => {
  let folder: string;
  const tool = (name: string, text: string) => {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  };
  const paste = (command: string) => execFileSync('bash', ['-c', command], { env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rotation-repair-'));
    mkdirSync(join(folder, 'bin'));
    tool('sudo', 'exec "$@"');
    tool('Tentacle', `echo "$*" >>'${folder}/log'`);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('A7: pasted into a shell, it sets trust and restarts the Tentacle', () => {
    const command = repairCommand({ trust: NEW });
    expect(command).not.toContain('\n');
    paste(command);
    paste(command);
    const once = `configure --instance Tentacle --trust ${NEW}\nservice --instance Tentacle --stop --start\n`;
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe(once + once);
  });

  it('A24: takes the old trust away in the same command when told to', () => {
    paste(repairCommand({ trust: NEW, distrust: OLD }));
    expect(readFileSync(join(folder, 'log'), 'utf8')).toMatch(`--remove-trust ${OLD} --trust ${NEW}`);
  });

  it('A5: does not restart a Tentacle whose list could not be written, and says so by its exit code', () => {
    tool('Tentacle', `echo "$1" >>'${folder}/log'; [ "$1" != configure ]`);
    expect(() => paste(repairCommand({ trust: NEW }))).toThrow();
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('configure\n');
  });

  it('rule 14: takes nothing but thumbprints', () => {
    expect(() => repairCommand({ trust: "x'; id" as Thumbprint })).toThrow(/may not enter a script/);
    expect(() => repairCommand({ trust: NEW, distrust: '' as Thumbprint })).toThrow(/may not enter a script/);
  });
});

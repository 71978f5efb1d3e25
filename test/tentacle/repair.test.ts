import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repairCommand, repairScript } from '../../src/tentacle/repair.ts';
import type { Thumbprint } from '../../src/certificates/thumbprint.ts';
import { configurationFile } from './fakes/configuration.ts';
import { Machine, passive, polling } from './fakes/machine.ts';

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

describe('repairScript', () => {
  const paste = (machine: Machine, script: string) => {
    const file = join(machine.dir, 'repair.sh');
    writeFileSync(file, script);
    return spawnSync('bash', [file], { env: { ...machine.env, TentacleInstanceName: 'My Tentacle' }, encoding: 'utf8' });
  };

  it('A3, A7: mends a polling Tentacle after the swap: twin, restart, OLD dropped, restart; run twice it changes nothing', async () => {
    const other = passive('C'.repeat(40));
    const machine = await Machine.start([], configurationFile([polling(OLD), other]));
    try {
      const script = repairScript({ route: 'polling', shell: 'Bash', trust: NEW, old: OLD, distrust: OLD });
      expect(paste(machine, script)).toMatchObject({ status: 0, stderr: '' });
      expect(machine.read('Tentacle.config')).toBe(configurationFile([polling(NEW), other]));
      const pid = machine.read('main.pid');
      const again = paste(machine, script);
      expect([again.status, again.stdout]).toEqual([0, expect.stringMatching(/add on .*: unchanged, reason null, effective yes[\s\S]*remove on .*: unchanged, reason null, effective yes/)]);
      expect(machine.read('main.pid')).toBe(pid);
      expect(machine.read('systemd-run.log')).toBe('');
    } finally {
      machine.stop();
    }
  });

  it('A5: mends a listening one, and says by its exit code when it could not', async () => {
    const machine = await Machine.start([passive(OLD)]);
    try {
      expect(paste(machine, repairScript({ route: 'listening', shell: 'Bash', trust: NEW }))).toMatchObject({ status: 0 });
      expect(machine.trusted).toEqual([passive(OLD), passive(NEW)]);
      const refused = paste(machine, repairScript({ route: 'polling', shell: 'Bash', trust: 'D'.repeat(40) as Thumbprint, old: OLD }));
      expect([refused.status, refused.stdout]).toEqual([1, expect.stringContaining('reason no-configuration-file')]);
    } finally {
      machine.stop();
    }
  });

  it('rule 14: takes nothing but thumbprints, and needs to know beside which the twin is made', () => {
    expect(() => repairScript({ route: 'polling', shell: 'Bash', trust: NEW })).toThrow(/may not enter a script/);
    expect(() => repairScript({ route: 'listening', shell: 'Bash', trust: NEW, distrust: '$(id)' as Thumbprint })).toThrow(/may not enter a script/);
    expect(repairCommand({ route: 'polling', trust: NEW })).toBeNull();
  });
});

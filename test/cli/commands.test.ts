import { describe, expect, it } from 'vitest';
import { runCommandLine, showFailure } from '../../src/cli/commands.ts';
import { COMMANDS } from '../../src/cli/help.ts';
import type { Io } from '../../src/cli/io.ts';
import { SETTINGS } from '../../src/install/settings.ts';

function watched(environment: Record<string, string> = {}): { io: Io; out: string[]; error: string[] } {
  const out: string[] = [];
  const error: string[] = [];
  return { out, error, io: { out: (text) => out.push(text), error: (text) => error.push(text), write: (text) => out.push(text), environment, folder: '/', isTerminal: false, columns: 80 } };
}

describe('the command line', () => {
  it('shows help for itself and for each command: what it does, examples, exit codes', async () => {
    const general = watched();
    expect(await runCommandLine(['--help'], general.io)).toBe(0);
    for (const command of COMMANDS) {
      expect(general.out.join('\n')).toContain(`  ${command} `);
      const own = watched();
      expect(await runCommandLine([command, '--help'], own.io)).toBe(0);
      for (const text of [`Usage: octopus-rotation ${command}`, 'Example', 'Exit codes', '--']) expect(own.out.join('\n')).toContain(text);
    }
  });

  it('names every option of install in its help, and what a first installation takes', async () => {
    const { io, out } = watched();
    await runCommandLine(['install', '--help'], io);
    const help = out.join('\n');
    for (const [setting, { value }] of Object.entries(SETTINGS)) {
      const option = `--${setting.replace(/[A-Z]/g, (letter, at: number) => `${at === 0 ? '' : '-'}${letter.toLowerCase()}`)}`;
      const told = help.slice(help.indexOf(option)).split(/\n {2}--/)[0]!.replace(/\s+/g, ' ');
      expect([option, told]).toEqual([option, expect.stringMatching(/^--[a-z-]+ VALUE .{20,}/)]);
      if (value !== '') expect(told).toContain(`Default: ${value}`);
    }
    for (const option of ['--server', '--api-key-env', '--space', '--environment', '--host-tentacle', '--schedule', '--timezone', '--from', '--dry-run', '--replace-edited', '--approval', '--oidc-token-env', '--service-account', '--json']) expect(help).toContain(`\n  ${option} `);
    expect(help.split('\n').filter((line) => line.length > 126)).toEqual([]);
  });

  it.each([
    [['rotate'], /CLI_UNKNOWN_COMMAND: "rotate" is not a command/],
    [['rehearse', '--estat', 'x'], /CLI_BAD_OPTION: octopus-rotation rehearse: Unknown option '--estat'/],
    [['rehearse', 'x'], /CLI_BAD_OPTION/],
    [['rehearse', '--rotation', 'master-key'], /"master-key" is no rotation/],
    [['rehearse', '--estate', '/nowhere.json'], /CLI_ESTATE_UNREADABLE/],
    [['status'], /The option --server is missing/],
    [['status', '--server', 'http://127.0.0.1:1', '--api-key-env', 'NO_SUCH_KEY', '--space', 'Default'], /CLI_VARIABLE_MISSING: The environment variable NO_SUCH_KEY/],
    [['status', '--server', 'http://127.0.0.1:1', '--api-key-env', 'KEY', '--space', 'Default', '--state-folder', '/x'], /go together/],
    [['abandon'], /The option --server is missing/],
    [['abandon', '--server', 'http://127.0.0.1:1', '--api-key-env', 'KEY', '--space', 'Default'], /The option --environment is missing/],
    [['sandbox'], /The option --estate is missing/],
  ])('answers %j with what is wrong, what is safe and what to do, and exit code 1', async (args, text) => {
    const { io, error } = watched({ KEY: 'API-X' });
    expect(await runCommandLine(args, io)).toBe(1);
    expect(error.join('\n')).toMatch(text);
    expect(error.join('\n')).toMatch(/\n {2}Safe: .+\n {2}Next: .+/);
  });

  it('shows help and exit code 1 when no command is given', async () => {
    const { io, out } = watched();
    expect(await runCommandLine([], io)).toBe(1);
    expect(out[0]).toContain('Usage');
  });

  it('tells a defect in one line, and its stack only when asked', () => {
    const plain = watched();
    expect(showFailure(new TypeError('x is not a function.\nmore'), plain.io)).toBe(70);
    expect(plain.error).toHaveLength(1);
    expect(plain.error[0]).toMatch(/^This is a defect of Octopus Rotation: TypeError: x is not a function\. Run/);
    const debug = watched({ OCTOPUS_ROTATION_DEBUG: '1' });
    expect(showFailure(new TypeError('x'), debug.io)).toBe(70);
    expect(debug.error[0]).toContain('commands.test.ts');
  });
});

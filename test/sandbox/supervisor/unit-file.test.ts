import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTimespan } from '../../../src/sandbox/supervisor/timespan.ts';
import { parseUnit, splitCommand } from '../../../src/sandbox/supervisor/unit-file.ts';

describe('Unit files', () => {
  test('any words survive being quoted and split', () => {
    fc.assert(fc.property(fc.array(fc.string()), (words) => {
      const line = words.map((word) => `"${word.replaceAll(/["\\]/g, '\\$&').replaceAll('%', '%%')}"`).join(' ');
      expect(splitCommand(line)).toEqual(words);
    }));
  });

  test('plain, quoted and joined parts make one command', () => {
    expect(splitCommand(`/bin/bash -c 'a "b" c' d\\ e f"g h"i`)).toEqual(['/bin/bash', '-c', 'a "b" c', 'd e', 'fg hi']);
  });

  test('what Tentacle installs is read', () => {
    expect(parseUnit('[Unit]\nDescription=Octopus Tentacle\nAfter=network.target\n\n[Service]\nType=simple\nUser=root\nExecStart=/opt/T run --instance=Tentacle --noninteractive\nRestart=always\n\n[Install]\nWantedBy=multi-user.target\n'))
      .toMatchObject({ type: 'simple', execStart: ['/opt/T', 'run', '--instance=Tentacle', '--noninteractive'], restart: 'always', killMode: 'control-group', wantedBy: ['multi-user.target'] });
  });

  test.each(['[Service]\nExecStart=/x\nType=notify', '[Service]\nExecStart=/x\nSlice=a', '[Service]\nExecStart=/x\nRestart=sometimes', '[Service]\nType=simple', '[Service]\nExecStart=/x\nRestartSec=soon'])('%j is refused', (text) => {
    expect(() => parseUnit(text)).toThrow();
  });

  test.each([['10', 10_000], ['1min 30s', 90_000], ['500ms', 500], ['1.5s', 1500], ['2h', 7_200_000], ['soon', undefined], ['', undefined]])('the time span %j is %j ms', (text, expected) => {
    expect(parseTimespan(text)).toBe(expected);
  });
});

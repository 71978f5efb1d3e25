import { describe, expect, it } from 'vitest';
import { runAdHocScript, runAdHocScriptWith } from '../../../src/sandbox/engine/adhoc-script.ts';
import { runHealthCheck } from '../../../src/sandbox/engine/health.ts';
import { inParallel } from '../../../src/sandbox/engine/waiting.ts';
import { engineRun, machine } from './estate.ts';

describe('an ad hoc script', () => {
  it('runs on every machine that is not disabled, each in its own activity', async () => {
    const { run, root } = engineRun([machine('web-01'), machine('web-02'), machine('legacy-01', [], { isDisabled: true })]);
    expect(await runAdHocScript(run, { syntax: 'Bash', body: 'echo "on $(get_octopusvariable Octopus.Machine.Name)"' })).toEqual({ state: 'Success', errorMessage: '', hasWarnings: false });
    expect(root.children.map(({ name, last }) => [name, last])).toEqual([['Run script on: web-01', 'Success'], ['Run script on: web-02', 'Success']]);
    expect(root.find('Run script on: web-02').lines).toContain('Info: on web-02');
    expect(root.lines).toEqual(['Info: The machine legacy-01 is disabled and will not be included.']);
  });

  it('one bad machine fails the task and leaves the others alone', async () => {
    const off = machine('web-02');
    off.tentacle.off = true;
    const { run, root } = engineRun([machine('web-01'), off]);
    const outcome = await runAdHocScriptWith(run, { syntax: 'Bash', body: 'true' }, { connect: 100, lost: 100, cancel: 100 });
    expect(outcome).toMatchObject({ state: 'Failed', errorMessage: expect.stringMatching(/^The script failed on 1 of 2 machines: web-02: .*ECONNREFUSED/) });
    expect(root.children.map(({ last }) => last)).toEqual(['Success', 'Failed']);
  });

  it('refuses an empty list of machines', async () => {
    expect(await runAdHocScript(engineRun([]).run, { syntax: 'Bash', body: 'x' })).toMatchObject({ state: 'Failed' });
  });
});

describe('a health check', () => {
  it('tells healthy from unavailable and says so only by machine: the task itself succeeds with warnings', async () => {
    const off = machine('branch-07');
    off.tentacle.off = true;
    const { run, root } = engineRun([machine('web-01'), off, machine('legacy-01', [], { isDisabled: true })]);
    const { outcome, machines } = await runHealthCheck(run, { onlyTestConnection: false });
    expect(outcome).toEqual({ state: 'Success', errorMessage: '', hasWarnings: true });
    expect(machines.map(({ id, healthStatus, about }) => [id, healthStatus, about?.certificateSignatureAlgorithm])).toEqual([['Machines-web-01', 'Healthy', 'sha256RSA'], ['Machines-branch-07', 'Unavailable', undefined]]);
    expect(root.children.map(({ name, last }) => [name, last])).toEqual([['Check deployment target: web-01', 'Success'], ['Check deployment target: branch-07', 'Failed']]);
    expect(root.lines).toEqual(['Info: The machine legacy-01 is disabled and will not be included.']);
  });

  it('a connection test runs no script', async () => {
    const web = machine('web-01');
    await runHealthCheck(engineRun([web]).run, { onlyTestConnection: true });
    expect(web.tentacle.started).toEqual([]);
  });
});

it('at most so many at a time, results in order', async () => {
  let now = 0;
  let most = 0;
  const results = await inParallel([...Array(25).keys()], 10, async (item) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 2));
    now -= 1;
    return item * 2;
  });
  expect(most).toBe(10);
  expect(results).toEqual([...Array(25).keys()].map((item) => item * 2));
});

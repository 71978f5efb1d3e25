/** The engine and the embedded Tentacle, over TLS on loopback. */
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRunning } from '../../../src/sandbox/machines/processes.ts';
import { runHealthCheck } from '../../../src/sandbox/engine/health.ts';
import { runRunbook, runRunbookWith } from '../../../src/sandbox/engine/runbook.ts';
import type { EngineMachine } from '../../../src/sandbox/engine/contract.ts';
import { connectToTentacle } from '../../../src/sandbox/wire/client.ts';
import { certificate, passive, runningAgent, type RunningAgent } from '../tentacle/agent.ts';
import { engineRun, step } from './estate.ts';

let agent: RunningAgent;
let trusted: EngineMachine;
let stranger: EngineMachine;

beforeAll(async () => {
  const [server, foreign, own] = await Promise.all([certificate('A'), certificate('B'), certificate('T')]);
  agent = await runningAgent([passive(server.thumbprint)]);
  const machine = (name: string, client: typeof server): EngineMachine => ({
    id: `Machines-${name}`, name, roles: ['web'], isDisabled: false, healthStatus: 'Healthy',
    connect: () => connectToTentacle({ host: '127.0.0.1', port: agent.port, keyPem: client.keyPem, certificatePem: client.certificatePem, expectedThumbprint: own.thumbprint, timeoutMs: 5000 }),
  });
  trusted = machine('web-01', server);
  stranger = machine('stranger', foreign);
});
afterAll(() => agent.agent.stop());

describe('over the wire', () => {
  it('a step runs with its package, in the Tentacle\'s environment, and the Tentacle logs no error', async () => {
    const zip = zipSync({ 'phase.js': new TextEncoder().encode('console.log("home", Boolean(process.env.TentacleHome), "calamari", Boolean(process.env.OctopusCalamariWorkingDirectory))'), 'big.bin': new Uint8Array(2_000_000).map((_, at) => (at * 2_654_435_761) >>> 13) });
    const { run, root } = engineRun([trusted], { packages: [{ actionName: 'S', referenceName: 'P', packageId: 'Pack', version: '1.0.0', open: async () => zip }] });
    const outcome = await runRunbook(run, { Steps: [step('S', 'node "$(get_octopusvariable "Octopus.Action.Package[P].ExtractedPath")/phase.js"; wc -c < P/big.bin', { packages: [{ Name: 'P', PackageId: 'Pack', FeedId: 'feeds-builtin', AcquisitionLocation: 'Server', Properties: { Extract: 'True', SelectionMode: 'immediate' } }] })] });
    expect(root.all().filter((line) => /^(Info|Fatal|Error)/.test(line))).toEqual(['Info: home true calamari true', 'Info: 2000000']);
    expect(outcome).toEqual({ state: 'Success', errorMessage: '', hasWarnings: false });
    expect(agent.log()).not.toMatch(/ERROR/);
  });

  it('cancelling kills what the script started', async () => {
    const controller = new AbortController();
    const { run, root } = engineRun([trusted], { cancelled: controller.signal });
    const running = runRunbook(run, { Steps: [step('S', 'sleep 3600 & echo "pid $!"; wait')] });
    let pid: number | undefined;
    while (pid === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      pid = root.all().map((line) => /^Info: pid (\d+)/.exec(line)?.[1]).filter((found) => found !== undefined).map(Number)[0];
    }
    controller.abort();
    expect((await running).state).toBe('Canceled');
    expect(isRunning(pid)).toBe(false);
  });

  it('two tasks on one Tentacle: the second waits and says for whom', async () => {
    const first = engineRun([trusted], { taskId: 'ServerTasks-1' });
    const second = engineRun([trusted], { taskId: 'ServerTasks-2' });
    const running = runRunbook(first.run, { Steps: [step('S', 'echo one; sleep 0.5')] });
    while (!first.root.all().includes('Info: one')) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await runRunbook(second.run, { Steps: [step('S', 'true')] })).state).toBe('Success');
    await running;
    expect(second.root.all().some((line) => line.startsWith('Wait: Waiting for the script in task ServerTasks-1 to finish'))).toBe(true);
  });

  it('a server that is not trusted is told at once, and health calls it unavailable', async () => {
    const { run, root } = engineRun([stranger]);
    const started = Date.now();
    expect((await runRunbookWith(run, { Steps: [step('S', 'true')] }, { connect: 5000, lost: 5000, cancel: 5000 })).state).toBe('Failed');
    expect(Date.now() - started).toBeLessThan(3000);
    expect(root.all().join('\n')).toMatch(/does not trust this server's certificate/);
    const { machines } = await runHealthCheck(engineRun([stranger, trusted]).run, { onlyTestConnection: false });
    expect(machines.map(({ healthStatus }) => healthStatus)).toEqual(['Unavailable', 'Healthy']);
  });
});

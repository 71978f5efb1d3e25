import { randomUUID } from 'node:crypto';
import type { TentacleConnection } from '../wire/contract.ts';
import type { EngineMachine, EngineOutcome, RunHealthCheck } from './contract.ts';
import { Masker } from './masker.ts';
import { connectWithin, messageOf, runRemotely } from './remote-script.ts';
import { inParallel } from './waiting.ts';

type MachineHealth = Awaited<ReturnType<RunHealthCheck>>['machines'][number];

const parallelism = 10;
/** In milliseconds: long enough for a Tentacle that is just being restarted. */
const connectTimeout = 2_000;
const machineTimeout = 60_000;
const [powerShell, script] = ['Write-Host "Running as $([Environment]::UserName)"\n', 'echo "Running as $(whoami)"\ndf -Pk . | sed -n 2p\n'];

/**
 * A `Health` task (octopus-rest.md section 4.4). `onlyTestConnection` asks the Tentacle who it is; the full check runs a script
 * there as well, beside whatever else runs. The task succeeds, with warnings, whatever the machines' health is: it is to be
 * judged by each machine. Never rejects.
 */
export const runHealthCheck: RunHealthCheck = async (run, { onlyTestConnection }) => {
  run.root.status('Running');
  const masker = new Masker();
  for (const { value, sensitive } of run.variables) if (sensitive) masker.add(value);
  for (const machine of run.machines) if (machine.isDisabled) run.root.log('Info', `The machine ${machine.name} is disabled and will not be included.`);
  const enabled = run.machines.filter((machine) => !machine.isDisabled);
  const machines = await inParallel(enabled, parallelism, check);
  if (run.cancelled.aborted) return end({ state: 'Canceled', errorMessage: 'The health check was canceled.', hasWarnings: false }, machines);
  return end({ state: 'Success', errorMessage: '', hasWarnings: machines.some(({ healthStatus }) => healthStatus !== 'Healthy') }, machines);

  function end(outcome: EngineOutcome, checked: MachineHealth[]): { outcome: EngineOutcome; machines: MachineHealth[] } {
    run.root.status(outcome.state === 'Success' && outcome.hasWarnings ? 'SuccessWithWarning' : outcome.state);
    return { outcome, machines: checked };
  }

  async function check(machine: EngineMachine): Promise<MachineHealth> {
    const activity = run.root.child(`Check deployment target: ${machine.name}`);
    activity.status('Running');
    const result = (healthStatus: MachineHealth['healthStatus'], summary: string, about?: MachineHealth['about']): MachineHealth => {
      const text = masker.mask(summary);
      activity.log(healthStatus === 'Healthy' ? 'Info' : healthStatus === 'HasWarnings' ? 'Warning' : 'Error', text);
      activity.status(healthStatus === 'Healthy' ? 'Success' : healthStatus === 'HasWarnings' ? 'SuccessWithWarning' : 'Failed');
      return { id: machine.id, healthStatus, summary: text, ...(about && { about }) };
    };
    let connection: TentacleConnection;
    try {
      connection = await connectWithin(machine, connectTimeout, run.cancelled);
    } catch (error) {
      return result('Unavailable', `The machine ${machine.name} could not be reached: ${messageOf(error)}`);
    }
    let about: NonNullable<MachineHealth['about']>;
    try {
      about = await connection.about();
    } catch (error) {
      return result('Unavailable', `The Tentacle on ${machine.name} did not answer: ${messageOf(error)}`);
    } finally {
      await connection.close().catch(() => undefined);
    }
    activity.log('Verbose', `Tentacle ${about.version} on ${about.operatingSystem}, ${about.shell} ${about.shellVersion}, certificate ${about.certificateSignatureAlgorithm}`);
    if (onlyTestConnection) return result('Healthy', `Connected to ${machine.name}.`, about);
    const { failure, output } = await runRemotely({
      machine, activity, masker, cancelled: AbortSignal.any([run.cancelled, AbortSignal.timeout(machineTimeout)]),
      request: {
        ticket: randomUUID(), taskId: run.taskId, environment: {}, isolation: 'none',
        ...(about.shell === 'PowerShell'
          ? { files: [{ path: 'HealthCheck.ps1', base64: Buffer.from(powerShell).toString('base64') }], command: ['powershell.exe', '-NoProfile', '-NonInteractive', '-File', 'HealthCheck.ps1'] }
          : { files: [{ path: 'HealthCheck.sh', base64: Buffer.from(script).toString('base64') }], command: ['bash', 'HealthCheck.sh'] }),
      },
    });
    if (failure !== null) return result('Unhealthy', failure, about);
    return output.hasWarnings ? result('HasWarnings', `The health check script of ${machine.name} wrote errors.`, about) : result('Healthy', `${machine.name} is healthy.`, about);
  }
};

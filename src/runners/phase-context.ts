import { createOctopusClient } from '../octopus/client.ts';
import type { LocalTentacle, PhaseContext, RelayControl } from '../phases/context.ts';
import type { RunnerName } from '../journal/contract.ts';
import type { Voice } from '../ports/voice.ts';
import { systemClock } from './ports/clock.ts';
import { systemFiles } from './ports/files.ts';
import { createNetwork } from './ports/network.ts';
import { systemProcesses } from './ports/processes.ts';
import { systemRandom } from './ports/random.ts';
import { relayControl } from './relay-control.ts';

/** The real surroundings of a phase, for whichever runner. */
export function phaseContext(options: { runner: RunnerName; voice: Voice; localTentacle: LocalTentacle | null; scriptEnvironment: Record<string, string>; programs: string; artifact: PhaseContext['artifact'] }): PhaseContext {
  const ports = { clock: systemClock, random: systemRandom, files: systemFiles, network: createNetwork(), processes: systemProcesses };
  const relay: RelayControl = relayControl({ ...ports, programs: options.programs });
  return {
    ...ports,
    runner: options.runner,
    voice: options.voice,
    relay,
    localTentacle: options.localTentacle,
    scriptEnvironment: options.scriptEnvironment,
    octopus: (url, apiKey, deadlineMs) => {
      options.voice.secret(apiKey);
      return createOctopusClient({ url, apiKey, clock: ports.clock, random: ports.random, ...(deadlineMs === undefined ? {} : { deadlineMs }) });
    },
    artifact: options.artifact,
  };
}

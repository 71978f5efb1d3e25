import { readWaivers } from './waivers.ts';

/** Inputs of a Plan that say how machines are treated, whatever is rotated. */
export interface FleetInputs {
  OfflineMachines: 'refuse' | 'leave-behind';
  EnableDisabled: boolean;
  WaveBy: 'size' | 'environment';
  WaveSize: number;
  Canaries: number;
  StopAfterFailures: number;
  AtOnce: number;
  RestartWatchSeconds: number;
  Waivers?: string;
}

/** The same as options of the plan. Throws what readWaivers throws. */
export function fleetOptions(inputs: FleetInputs) {
  return {
    offlineMachines: inputs.OfflineMachines,
    enableDisabled: inputs.EnableDisabled,
    waves: { by: inputs.WaveBy, size: inputs.WaveSize, canaries: inputs.Canaries, stopAfter: inputs.StopAfterFailures },
    atOnce: inputs.AtOnce,
    waivers: readWaivers(inputs.Waivers),
    restartWatchSeconds: inputs.RestartWatchSeconds,
  };
}

import { cliErrors } from '../errors/cli.ts';
import { rotationSecrets } from '../journal/secrets.ts';
import { openStateFolder } from '../journal/state-folder.ts';
import { takeOverLease } from '../journal/take-over.ts';
import { systemClock } from '../runners/ports/clock.ts';
import { systemFiles } from '../runners/ports/files.ts';
import { systemProcesses } from '../runners/ports/processes.ts';
import { systemRandom } from '../runners/ports/random.ts';
import type { RunCommand } from './io.ts';
import { readOptions, required, secretFrom } from './options.ts';
import { serverAccess } from './runs/server-access.ts';

/** `take-over`: takes the lease from a holder that has stopped, by the word of the person who names it. Runs where the journal is. */
export const runTakeOver: RunCommand = async (args, io) => {
  const options = readOptions('take-over', args, {
    server: { type: 'string' }, 'api-key-env': { type: 'string' }, space: { type: 'string' }, 'state-folder': { type: 'string' }, 'secret-env': { type: 'string' }, holder: { type: 'string' }, json: { type: 'boolean', default: false },
  });
  const [url, keyName, space, path, secretName, holder] = (['server', 'api-key-env', 'space', 'state-folder', 'secret-env', 'holder'] as const).map((name) => required('take-over', name, options[name])) as [string, string, string, string, string, string];
  const access = serverAccess(url, secretFrom(io, keyName, 'the API key'));
  const secrets = rotationSecrets(secretFrom(io, secretName, 'Rotation.Secret'));
  // Opening would make one.
  if ((await systemFiles.facts(path)) === null) throw cliErrors.CLI_BAD_OPTION({ command: 'take-over', problem: `There is no folder ${path} on this machine. Run this on the rotation's host, with its state folder.` });
  const taken = await takeOverLease({
    octopus: access.client, spaceId: await access.spaceId(space), files: systemFiles, folder: await openStateFolder(systemFiles, path), processes: systemProcesses, clock: systemClock, random: systemRandom, secrets, rotation: 'server-certificate',
  }, holder);
  if (options.json) io.out(JSON.stringify({ event: 'taken-over', rotation: taken.rotationId, from: taken.from, fence: taken.fence }));
  else io.out(`Rotation ${taken.rotationId} was taken from ${taken.from}, which can do nothing any more (fence ${taken.fence}). Nobody holds it now.\n\nTo go on: see that the host, its Tentacle and Octopus Server run, then run the runbook again.`);
  return 0;
};

import { PROJECT_NAME } from '../install/names.ts';
import { uninstall } from '../install/uninstall.ts';
import { systemClock } from '../runners/ports/clock.ts';
import { systemRandom } from '../runners/ports/random.ts';
import type { Io } from './io.ts';
import { OIDC_OPTIONS, oidcFrom, readOptions, required, secretFrom } from './options.ts';

/** `octopus-rotation uninstall`. Exit code 0 when nothing of ours is left, or would be; refusals are thrown. */
export async function runUninstall(args: string[], io: Io): Promise<number> {
  const options = readOptions('uninstall', args, { server: { type: 'string' }, 'api-key-env': { type: 'string' }, space: { type: 'string' }, 'dry-run': { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, ...OIDC_OPTIONS });
  const url = required('uninstall', 'server', options.server);
  const oidc = oidcFrom('uninstall', io, options['oidc-token-env'], options['service-account']);
  const apiKey = oidc === undefined ? secretFrom(io, required('uninstall', 'api-key-env', options['api-key-env']), 'the API key of an account that may delete them') : '';
  const spaceName = required('uninstall', 'space', options.space);
  const dryRun = options['dry-run'];
  const word = dryRun ? 'would be removed' : 'removed';
  let removals = 0;
  await uninstall({
    url, apiKey, ...(oidc === undefined ? {} : { oidc }), spaceName, dryRun, clock: systemClock, random: systemRandom,
    done: ({ kind, name }) => {
      removals += 1;
      io.out(options.json ? JSON.stringify({ event: 'resource', kind, name, action: word }) : `${word}  ${kind.padEnd(14)} ${name}`);
    },
  });
  if (options.json) io.out(JSON.stringify({ event: 'uninstalled', removals, dryRun }));
  else if (removals === 0) io.out('There is nothing of Octopus Rotation in this space.');
  else io.out(dryRun ? `\nNothing was changed. Rotation.Secret would go with the project "${PROJECT_NAME}".` : '\nUninstalled. The state folder on the host, with its journal and PFX files, was not touched; they open only with the Rotation.Secret that was shown when it was installed.');
  return 0;
}

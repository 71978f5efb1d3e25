import { dirname } from 'node:path';
import { realpath } from 'node:fs/promises';
import { printable } from '../errors/printable.ts';
import { upgrade } from '../install/upgrade.ts';
import { systemClock } from '../runners/ports/clock.ts';
import { systemRandom } from '../runners/ports/random.ts';
import { published, readRelease, sayer, watchFor } from './install.ts';
import type { Io } from './io.ts';
import { OIDC_OPTIONS, oidcFrom, readOptions, required, secretFrom } from './options.ts';

/** `octopus-rotation upgrade`. Exit code 0 when the release of this program is in place, or would be; refusals are thrown. */
export async function runUpgrade(args: string[], io: Io): Promise<number> {
  const options = readOptions('upgrade', args, {
    server: { type: 'string' }, 'api-key-env': { type: 'string' }, space: { type: 'string' }, from: { type: 'string' },
    'dry-run': { type: 'boolean', default: false }, 'replace-edited': { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, ...OIDC_OPTIONS,
  });
  const url = required('upgrade', 'server', options.server);
  const oidc = oidcFrom('upgrade', io, options['oidc-token-env'], options['service-account']);
  const apiKey = oidc === undefined ? secretFrom(io, required('upgrade', 'api-key-env', options['api-key-env']), 'the API key of an account that may install') : '';
  const spaceName = required('upgrade', 'space', options.space);
  const release = await readRelease(options.from ?? dirname(await realpath(process.argv[1] ?? '.')));
  const dryRun = options['dry-run'];
  const say = sayer(io, options.json);
  const upgraded = await upgrade({ url, apiKey, ...(oidc === undefined ? {} : { oidc }), spaceName, replaceEdited: options['replace-edited'], release, dryRun, clock: systemClock, random: systemRandom, watch: watchFor(say, dryRun) });
  const before = upgraded.from === null ? 'an unknown release' : printable(upgraded.from);
  if (dryRun) say({ event: 'planned', from: upgraded.from, to: release.version }, `\nFrom ${before} to ${release.version}. Nothing was changed.`);
  else say({ event: 'upgraded', to: release.version, ...upgraded }, `\nUpgraded from ${before} to ${release.version}.\nPublished: ${published(upgraded.runbooks)}.`);
  return 0;
}

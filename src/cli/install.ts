import { readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cliErrors } from '../errors/cli.ts';
import { installErrors } from '../errors/install.ts';
import { printable } from '../errors/printable.ts';
import { install } from '../install/install.ts';
import { PROJECT_NAME, RUNBOOK_OF } from '../install/names.ts';
import type { Watch } from '../install/apply.ts';
import { differenceText } from '../install/differences.ts';
import type { Action } from '../install/plan.ts';
import type { Release } from '../install/release.ts';
import { readSchedule } from '../install/schedule.ts';
import type { Setting } from '../install/settings.ts';
import { installedForm, type LibraryTemplate } from '../packaging/library-form.ts';
import { PACKAGE_ID } from '../packaging/names.ts';

import { systemClock } from '../runners/ports/clock.ts';
import { systemRandom } from '../runners/ports/random.ts';
import type { Io } from './io.ts';
import { OIDC_OPTIONS, oidcFrom, readOptions, required, secretFrom } from './options.ts';
import { SETTING_OPTIONS } from './setting-options.ts';

const PLANNED: Record<Action, string> = { create: 'would be created', update: 'would be changed', unchanged: 'unchanged' };
const DONE: Record<Action, string> = { create: 'created', update: 'updated', unchanged: 'unchanged' };

const OPTIONS = {
  server: { type: 'string' }, 'api-key-env': { type: 'string' }, space: { type: 'string' }, environment: { type: 'string' }, 'host-tentacle': { type: 'string' },
  from: { type: 'string' }, schedule: { type: 'string' }, timezone: { type: 'string' }, json: { type: 'boolean' }, 'dry-run': { type: 'boolean' }, 'replace-edited': { type: 'boolean' }, approval: { type: 'string' }, ...OIDC_OPTIONS,
  ...(Object.fromEntries(SETTING_OPTIONS.map(({ option }) => [option, { type: 'string' }])) as Record<string, { type: 'string' }>),
} as const;

/** `octopus-rotation install`. Exit code 0 when everything is in place; refusals are thrown. */
export async function runInstall(args: string[], io: Io): Promise<number> {
  const options = readOptions('install', args, OPTIONS) as Record<string, string | boolean | undefined>;
  const value = (name: string): string | undefined => (typeof options[name] === 'string' ? options[name] : undefined);
  const needed = (name: string): string => required('install', name, value(name));
  const [url, keyName, spaceName, environmentName, hostTentacle] = [needed('server'), needed('api-key-env'), needed('space'), needed('environment'), needed('host-tentacle')];
  const given: Partial<Record<Setting, string>> = {};
  for (const { setting, option } of SETTING_OPTIONS) {
    const set = value(option);
    if (set !== undefined) given[setting] = set;
  }
  const apiKey = secretFrom(io, keyName, 'the API key of the account that rotates');
  const release = await readRelease(value('from') ?? dirname(await realpath(process.argv[1] ?? '.')));
  const [when, timezone] = [value('schedule'), value('timezone')];
  const schedule = when === undefined ? null : readSchedule(when, timezone ?? 'UTC');
  if (when === undefined ? timezone !== undefined : schedule === null) throw cliErrors.CLI_BAD_OPTION({ command: 'install', problem: when === undefined ? 'The option --timezone goes with --schedule.' : `--schedule is weekly, monthly, yearly or a cron expression of six fields, seconds first, and --timezone the name of a time zone; they were "${when}" and "${timezone ?? 'UTC'}".` });
  const oidc = oidcFrom('install', io, value('oidc-token-env'), value('service-account'));
  const approval = value('approval');
  if (approval !== undefined && approval !== 'yes' && approval !== 'no') throw cliErrors.CLI_BAD_OPTION({ command: 'install', problem: `--approval is yes or no; it was "${approval}".` });
  const dryRun = options['dry-run'] === true;
  const say = sayer(io, options['json'] === true);

  const installed = await install({
    url, apiKey, ...(oidc === undefined ? {} : { oidc }), release, dryRun, clock: systemClock, random: systemRandom,
    settings: { spaceName, environmentName, hostTentacle, given, replaceEdited: options['replace-edited'] === true, ...(schedule === null ? {} : { schedule }), ...(approval === undefined ? {} : { approval: approval === 'yes' }) },
    watch: watchFor(say, dryRun),
  });
  if (dryRun) {
    say({ event: 'planned' }, '\nNothing was changed.');
    return 0;
  }
  say({ event: 'installed', ...installed }, `\nInstalled. To rotate, run the runbook ${Object.values(RUNBOOK_OF).map((name) => `"${name}"`).join(' or ')} in the project "${PROJECT_NAME}".\nPublished: ${published(installed.runbooks)}.`);
  return 0;
}

export type Say = (event: Record<string, unknown>, text: string) => void;
export const sayer = (io: Io, json: boolean): Say => (event, text) => io.out(json ? JSON.stringify(event) : text);
export const published = (runbooks: readonly { name: string; snapshot: string }[]): string => runbooks.map((each) => `${each.name} (${each.snapshot})`).join(', ');

/** Shows an installation as it goes; of a dry run also each field that would change. */
export function watchFor(say: Say, dryRun: boolean): Watch {
  const word = dryRun ? PLANNED : DONE;
  return {
    warning: ({ code, message, next }) => say({ event: 'warning', code, message, next }, `Warning ${code}: ${message}\n  Next: ${next}\n`),
    change: ({ kind, name, action, differences, kept }) => say(
      { event: 'resource', kind, name, action: word[action], ...(dryRun ? { differences } : {}), kept },
      [
        `${word[action].padEnd(dryRun ? 16 : 10)} ${kind.padEnd(14)} ${name}`,
        ...(dryRun ? differences.map((each) => `    ${differenceText(each)}`) : []),
        ...kept.map((each) => `    kept as it was edited: ${printable(each)}`),
      ].join('\n'),
    ),
    secretMade: (secret) => say({ event: 'secret', name: 'Rotation.Secret', value: secret },
      `\nRotation.Secret, shown this once: ${secret}\nKeep it where you keep passwords. It is needed to read the journal and the PFX files if Octopus itself is lost.\n`),
  };
}

/** The package and the step templates as `npm run build` lays them down beside the program. */
export async function readRelease(folder: string): Promise<Release> {
  const packages = join(folder, 'packages');
  const pattern = new RegExp(`^${PACKAGE_ID}\\.(\\d+\\.\\d+\\.\\d+(?:-[0-9A-Za-z.-]+)?)\\.zip$`);
  try {
    const files = (await readdir(packages)).filter((name) => pattern.test(name));
    const fileName = files[0];
    if (fileName === undefined || files.length > 1) throw new Error(`exactly one ${PACKAGE_ID}.<version>.zip is expected there, and ${files.length} were found`);
    const templates = (await readdir(join(folder, 'step-templates'))).filter((name) => name.endsWith('.json')).sort();
    return {
      fileName,
      version: pattern.exec(fileName)![1]!,
      content: new Uint8Array(await readFile(join(packages, fileName))),
      templates: new Map(await Promise.all(templates.map(async (name) => [name.slice(0, -'.json'.length), installedForm(JSON.parse(await readFile(join(folder, 'step-templates', name), 'utf8')) as LibraryTemplate)] as const))),
    };
  } catch (error) {
    throw installErrors.INSTALL_PACKAGE_UNREADABLE({ path: packages, reason: (error as Error).message }, error);
  }
}

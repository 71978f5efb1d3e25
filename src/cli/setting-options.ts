import { SETTINGS, type Setting } from '../install/settings.ts';

/** A setting as an option of `install`: `StateFolder` is `--state-folder`. */
export interface SettingOption { setting: Setting; option: string }

export const SETTING_OPTIONS: readonly SettingOption[] = (Object.keys(SETTINGS) as Setting[]).map((setting) => ({ setting, option: setting.replace(/(?!^)(?=[A-Z])/g, '-').toLowerCase() }));

const WIDTH = 26;
const LINE = 124;

/** The options of all settings, for the help text: what each is for, and what a first installation takes. */
export function settingHelp(): string {
  return SETTING_OPTIONS.map(({ setting, option }) => {
    const { value, about } = SETTINGS[setting];
    const lines = wrapped(`${about}${value === '' ? '' : ` Default: ${value}`}`, LINE - WIDTH - 2);
    const name = `--${option} VALUE`;
    const first = name.length < WIDTH ? `  ${name.padEnd(WIDTH)}${lines[0]}` : `  ${name}\n  ${' '.repeat(WIDTH)}${lines[0]}`;
    return [first, ...lines.slice(1).map((line) => `  ${' '.repeat(WIDTH)}${line}`)].join('\n');
  }).join('\n');
}

function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

import type { Activity, LogCategory } from './contract.ts';
import type { Masker } from './masker.ts';
import { ServiceMessageParser, type ServiceMessage } from './service-messages.ts';

export interface OutputVariable { name: string; value: string; sensitive: boolean }
export interface ArtifactRequest { path: string; name: string }

type Level = LogCategory | 'ignore';

const stdoutLevels: Record<string, Level> = {
  'stdout-verbose': 'Verbose', 'stdout-highlight': 'Highlight', 'stdout-wait': 'Wait', 'stdout-warning': 'Warning',
  'stdout-error': 'Error', 'stdout-ignore': 'ignore', 'stdout-default': 'Info',
};
const stderrLevels: Record<string, Level> = { 'stderr-progress': 'Verbose', 'stderr-ignore': 'ignore', 'stderr-error': 'Error', 'stderr-default': 'Error' };

/**
 * Turns a script's lines into log entries and effects (step-packages.md section 9.2). One for each script. A message that is not
 * in that table is an error of the script here; the real server ignores it or has a meaning for it that is not built.
 */
export class ScriptOutput {
  readonly variables: OutputVariable[] = [];
  readonly artifacts: ArtifactRequest[] = [];
  readonly refusals: string[] = [];
  resultMessage: string | null = null;
  hasWarnings = false;

  private readonly parsers = { stdout: new ServiceMessageParser(), stderr: new ServiceMessageParser() };
  private readonly levels: Record<'stdout' | 'stderr', Level> = { stdout: 'Info', stderr: 'Error' };

  constructor(private readonly activity: Activity, private readonly masker: Masker) {}

  line(source: 'stdout' | 'stderr', line: string): void {
    for (const part of this.parsers[source].parse(line)) {
      if (part.kind === 'text') this.write(this.levels[source], part.text);
      else if (part.kind === 'void') this.write('Warning', `Could not parse service message: ${part.text}`);
      else this.act(source, part.message);
    }
  }

  /** To be called when both streams are closed. */
  end(): void {
    for (const parser of Object.values(this.parsers)) {
      const unfinished = parser.unfinished();
      if (unfinished !== null) this.write('Warning', `A service message was opened by ##octopus and never closed; it swallowed: ${unfinished}`);
    }
  }

  private write(level: Level, text: string): void {
    if (level === 'ignore') return;
    if (level === 'Warning' || level === 'Error') this.hasWarnings = true;
    this.activity.log(level, this.masker.mask(text));
  }

  private refuse(text: string): void {
    this.refusals.push(text);
    this.write('Error', text);
  }

  private act(source: 'stdout' | 'stderr', { name, attributes }: ServiceMessage): void {
    const key = name.toLowerCase();
    const level = source === 'stdout' ? stdoutLevels[key] : stderrLevels[key];
    if (level !== undefined) {
      this.levels[source] = level;
      return;
    }
    if (key === 'mask') {
      this.masker.add(attributes.get('value') ?? '');
      return;
    }
    if (source === 'stderr') {
      this.refuse(`The service message ${name} was written to stderr, where Octopus does not read it.`);
      return;
    }
    switch (key) {
      case 'setvariable': return this.setVariable(attributes);
      case 'createartifact': return this.createArtifact(attributes);
      case 'progress': return this.progress(attributes);
      case 'resultmessage':
        this.resultMessage = attributes.get('message') ?? '';
        return;
      default:
        return this.refuse(`This embedded Octopus does not know the service message ${name}.`);
    }
  }

  private setVariable(attributes: Map<string, string>): void {
    const name = attributes.get('name') ?? '';
    // Calamari ignores a message without a name; a message without value sets an empty one.
    if (name.trim() === '') return this.refuse('A setVariable service message has no name.');
    const value = attributes.get('value') ?? '';
    const sensitive = attributes.get('sensitive')?.toLowerCase() === 'true';
    if (sensitive) this.masker.add(value);
    this.variables.push({ name, value, sensitive });
  }

  private createArtifact(attributes: Map<string, string>): void {
    const path = attributes.get('path') ?? '';
    if (!path.startsWith('/')) return this.refuse(`A createArtifact service message names no absolute path: "${path}".`);
    this.artifacts.push({ path, name: attributes.get('name') || (path.split('/').pop() as string) });
  }

  private progress(attributes: Map<string, string>): void {
    const percentage = Number(attributes.get('percentage'));
    if (!Number.isInteger(percentage) || percentage < 0 || percentage > 100) return this.refuse(`A progress service message has the percentage "${attributes.get('percentage') ?? ''}".`);
    this.activity.progress(percentage, this.masker.mask(attributes.get('message') ?? ''));
  }
}

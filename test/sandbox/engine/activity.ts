import type { Activity, ActivityStatus, LogCategory } from '../../../src/sandbox/engine/contract.ts';

/** An activity that remembers. */
export class RecordedActivity implements Activity {
  readonly children: RecordedActivity[] = [];
  readonly lines: string[] = [];
  readonly steps: string[] = [];
  last: ActivityStatus = 'Pending';

  constructor(readonly name: string) {}

  child(name: string): RecordedActivity {
    const child = new RecordedActivity(name);
    this.children.push(child);
    return child;
  }

  status(status: ActivityStatus): void {
    this.last = status;
  }

  log(category: LogCategory, text: string): void {
    this.lines.push(`${category}: ${text}`);
  }

  progress(percentage: number, message: string): void {
    this.steps.push(`${percentage} ${message}`);
  }

  find(...names: string[]): RecordedActivity {
    return names.reduce<RecordedActivity>((node, name) => {
      const found = node.children.find((child) => child.name === name);
      if (found === undefined) throw new Error(`No activity ${name} below ${node.name}: ${node.children.map((child) => child.name).join(', ')}`);
      return found;
    }, this);
  }

  /** Every line of this node and those below it. */
  all(): string[] {
    return [...this.lines, ...this.children.flatMap((child) => child.all())];
  }
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The dead-man's switch of one machine, as its own files say it; nothing of it is what the product believes. */
export interface Switch {
  /** The word of the note: none, staged, armed, switching, switched, reverting, reverted, disarmed, ... */
  note: string;
  /** A job that runs, or begins with the machine: a unit that is enabled, or a scheduled task. */
  job: boolean;
  /** Files that lead back or forward, and that nobody needs once it is disarmed. */
  staged: string[];
}

const prefix = 'octopus-rotation-certificate-';
const under = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** The switches of all machines of a sandbox's home, by machine. */
export function readSwitches(home: string): Map<string, Switch> {
  return new Map(under(join(home, 'machines')).map((machine) => {
    const folder = join(home, 'machines', machine);
    const kept = join(folder, 'tentacle', 'OctopusRotation', 'certificate');
    const note = existsSync(join(kept, 'state')) ? /^state=(.*?)\r?$/m.exec(readFileSync(join(kept, 'state'), 'utf8'))?.[1] ?? 'none' : 'none';
    const job = under(join(folder, 'etc', 'systemd', 'multi-user.target.wants')).some((unit) => unit.startsWith(prefix)) || under(join(folder, 'etc', 'tasks')).some((task) => task.startsWith(`task-${prefix}`));
    return [machine, { note, job, staged: under(kept).filter((file) => /^(old|new)-certificate$|\.pfx$|^aside/.test(file)) }];
  }));
}

/** Whether it puts the old certificate back by itself unless somebody disarms it. */
export function isArmed({ note, job }: Switch): boolean {
  return job && ['armed', 'switching', 'switched', 'reverting'].includes(note);
}

import { readFileSync } from 'node:fs';
import { splitCommandLine, type ScheduledTask, type ScheduledTasks } from './scheduled-tasks.ts';
import { triggerElements, triggersOf } from './triggers.ts';

/** What a program of the machine answers. */
export interface Outcome { exitCode: number; stdout: string; stderr: string }

const flags = new Set(['/create', '/run', '/delete', '/query', '/end', '/f', '/z', '/v1', '/it', '/np', '/nh', '/v']);
const valued = new Set(['/tn', '/tr', '/sc', '/st', '/sd', '/ru', '/rp', '/rl', '/fo', '/xml']);

/** `schtasks.exe`: create (ONCE, or from XML), run, end, delete, query. Any other option is refused. */
export function schtasks(tasks: ScheduledTasks, args: string[], now = new Date()): Outcome {
  const options = new Map<string, string>();
  for (let index = 0; index < args.length; index += 1) {
    const option = (args[index] as string).toLowerCase();
    if (flags.has(option)) options.set(option, '');
    else if (valued.has(option) && index + 1 < args.length) options.set(option, args[index += 1] as string);
    else return failed(`Invalid argument/option - '${args[index] ?? ''}'.\nType "SCHTASKS /?" for usage.`);
  }
  const name = options.get('/tn') ?? '';
  try {
    if (options.has('/create') && options.has('/xml')) return createFromXml(tasks, name, options.get('/xml')!, options.has('/f'));
    if (options.has('/create')) return create(tasks, name, options, now);
    if (name === '' && !options.has('/query')) return failed('Mandatory option \'/tn\' is missing.');
    if (options.has('/run')) {
      const running = tasks.start(name) ? [] : [`INFO: scheduled task "${name}" is currently running.`];
      return ok([...running, `SUCCESS: Attempted to run the scheduled task "${name}".`].join('\n'));
    }
    if (options.has('/end')) {
      tasks.end(name);
      return ok(`SUCCESS: The scheduled task "${name}" has been terminated successfully.`);
    }
    if (options.has('/delete')) {
      if (!options.has('/f')) return failed('The sandbox deletes a task only with /F: nobody is there to be asked.');
      tasks.remove(name);
      return ok(`SUCCESS: The scheduled task "${name}" was successfully deleted.`);
    }
    if (options.has('/query')) {
      const found = name === '' ? tasks.list() : [tasks.find(name)].filter((task) => task !== undefined);
      if (name !== '' && found.length === 0) return failed('The system cannot find the file specified.');
      return ok(found.map((task) => `${task.name}  ${nextRun(task)}  ${tasks.isRunning(task.name) ? 'Running' : 'Ready'}`).join('\n'));
    }
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
  return failed('Invalid syntax. Mandatory option is missing.');
}

function create(tasks: ScheduledTasks, name: string, options: Map<string, string>, now: Date): Outcome {
  const [command, schedule, time] = [options.get('/tr'), options.get('/sc'), options.get('/st')];
  if (name === '' || command === undefined || schedule === undefined) return failed('Invalid syntax. Mandatory option is missing.');
  if (schedule.toUpperCase() !== 'ONCE') return failed(`The sandbox schedules tasks ONCE only, not ${schedule}.`);
  if (time === undefined || !/^\d\d:\d\d$/.test(time)) return failed(`Invalid value for /ST option.`);
  if (options.has('/sd')) return failed('The sandbox does not support /SD.');
  const at = new Date(now);
  at.setHours(Number(time.slice(0, 2)), Number(time.slice(3)), 0, 0);
  tasks.register({ name, command: splitCommandLine(command), triggers: [{ kind: 'time', from: at.getTime(), every: null }] }, options.has('/f'));
  return ok([...(at < now ? ['WARNING: The task may not run because /ST is earlier than current time.'] : []), `SUCCESS: The scheduled task "${name}" has successfully been created.`].join('\n'));
}

/** What a query shows of when it runs: the time of one that is to come once, else nothing. */
function nextRun({ triggers }: ScheduledTask): string {
  const coming = triggers.flatMap((trigger) => (trigger.kind === 'time' && trigger.every === null && trigger.from > Date.now() ? [trigger.from] : []));
  return coming.length === 0 ? 'N/A' : new Date(Math.min(...coming)).toISOString();
}

/** Elements of a task definition (namespace mit/task) that the sandbox takes as they are: none of them changes when the task runs but its triggers, or as whom. */
const plainElements = new Set([
  ...triggerElements, 'Task', 'RegistrationInfo', 'Description', 'Author', 'Principals', 'Principal', 'UserId', 'RunLevel', 'LogonType', 'Settings', 'MultipleInstancesPolicy', 'DisallowStartIfOnBatteries',
  'StopIfGoingOnBatteries', 'AllowHardTerminate', 'StartWhenAvailable', 'ExecutionTimeLimit', 'Priority', 'Hidden', 'AllowStartOnDemand', 'Actions', 'Exec', 'Command', 'Arguments',
]);

/** The task of an XML file: one program with its arguments, run as SYSTEM, on demand and at its triggers. The encoding it declares must be the one it has. */
function createFromXml(tasks: ScheduledTasks, name: string, path: string, force: boolean): Outcome {
  const bytes = readFileSync(path);
  const text = bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.subarray(2).toString('utf16le') : bytes.toString('utf8');
  const value = (element: string) => new RegExp(`<${element}>([^<]*)</${element}>`).exec(text)?.[1]?.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', "'").replaceAll('&amp;', '&');
  const declared = /^<\?xml\b[^>]*\bencoding="([^"]*)"/.exec(text)?.[1]?.toLowerCase() ?? 'utf-8';
  if ((declared === 'utf-16') !== (bytes[0] === 0xff && bytes[1] === 0xfe)) return failed('The task XML is malformed.\n(1,40)::ERROR: unable to switch the encoding');
  const unknown = [...text.matchAll(/<([A-Za-z][\w.:-]*)/g)].map(([, element]) => element as string).find((element) => !plainElements.has(element));
  if (unknown !== undefined) return failed(`The sandbox takes no task XML with the element ${unknown}.`);
  if (!text.includes('xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"')) return failed('The task XML is missing its namespace.');
  if (!['S-1-5-18', 'SYSTEM', 'NT AUTHORITY\\SYSTEM'].includes(value('UserId') ?? '')) return failed('The sandbox runs tasks as SYSTEM only.');
  if (value('AllowStartOnDemand') === 'false') return failed('The sandbox takes no task that does not run on demand.');
  if ((value('MultipleInstancesPolicy') ?? 'IgnoreNew') !== 'IgnoreNew') return failed('The sandbox runs one instance of a task at a time and ignores a new one.');
  if (/<Enabled>\s*false/.test(/<Settings>(.*?)<\/Settings>/s.exec(text)?.[1] ?? '')) return failed('The sandbox takes no task that is disabled.');
  const command = value('Command');
  if (name === '' || command === undefined) return failed('The task XML is missing a required element or attribute.');
  tasks.register({ name, command: [command, ...splitCommandLine(value('Arguments') ?? '')], triggers: triggersOf(text) }, force);
  return ok(`SUCCESS: The scheduled task "${name}" has successfully been created.`);
}

const ok = (text: string): Outcome => ({ exitCode: 0, stdout: text === '' ? '' : `${text}\n`, stderr: '' });
const failed = (text: string): Outcome => ({ exitCode: 1, stdout: '', stderr: `ERROR: ${text}\n` });

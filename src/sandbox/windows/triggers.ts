/**
 * What begins a scheduled task by itself: a start of the machine, or a time (a moment in milliseconds since 1970). `every`: milliseconds
 * after which it begins again and again, without an end; null: once.
 */
export type Trigger = { kind: 'boot'; every: number | null } | { kind: 'time'; from: number; every: number | null };

/** Elements of a trigger in a task definition (Task Scheduler Schema, triggerBaseType) that the sandbox knows; whatever else limits or delays one is refused. */
export const triggerElements = ['Triggers', 'BootTrigger', 'TimeTrigger', 'Repetition', 'Interval', 'StopAtDurationEnd', 'StartBoundary', 'Enabled'];

const minute = 60_000;

/** The triggers of a task definition in XML. Throws in the words of the scheduler. */
export function triggersOf(xml: string): Trigger[] {
  const within = /<Triggers>(.*?)<\/Triggers>/s.exec(xml)?.[1] ?? '';
  return [...within.matchAll(/<(BootTrigger|TimeTrigger)(?:\s[^>]*)?(?:\/>|>(.*?)<\/\1>)/gs)].flatMap(([, kind, body = '']): Trigger[] => {
    const value = (element: string): string | undefined => new RegExp(`<${element}>\\s*([^<]*?)\\s*</${element}>`).exec(body)?.[1];
    const boundary = value('StartBoundary');
    const from = boundary === undefined ? Number.NaN : Date.parse(boundary);
    if (boundary !== undefined && Number.isNaN(from)) throw new Error(`The task XML contains a value which is incorrectly formatted or out of range.\n(1,2):StartBoundary:${boundary}`);
    if (kind === 'TimeTrigger' && boundary === undefined) throw new Error('The task XML is missing a required element or attribute.\n(1,2):StartBoundary:');
    if (kind === 'BootTrigger' && boundary !== undefined) throw new Error('The sandbox takes no BootTrigger with a StartBoundary.');
    const every = body.includes('<Repetition') ? interval(value('Interval')) : null;
    if (value('Enabled') === 'false') return [];
    return [kind === 'BootTrigger' ? { kind: 'boot', every } : { kind: 'time', from, every }];
  });
}

/** The pause of a repetition: at least a minute (repetitionType). */
function interval(text: string | undefined): number {
  if (text === undefined) throw new Error('The task XML is missing a required element or attribute.\n(1,2):Interval:');
  const [, days, hours, minutes, seconds] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text) ?? [];
  const milliseconds = (((Number(days ?? 0) * 24 + Number(hours ?? 0)) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds ?? 0)) * 1000;
  if (milliseconds < minute) throw new Error(`The task XML contains a value which is incorrectly formatted or out of range.\n(1,2):Interval:${text}`);
  return milliseconds;
}

/** Whether the trigger begins its task after `after` and not later than `until`, on a machine that was started at `boot`. All in milliseconds since 1970. */
export function strikes(trigger: Trigger, boot: number, after: number, until: number): boolean {
  const first = trigger.kind === 'boot' ? boot : trigger.from;
  if (after < first) return first <= until;
  if (trigger.every === null) return false;
  return first + (Math.floor((after - first) / trigger.every) + 1) * trigger.every <= until;
}

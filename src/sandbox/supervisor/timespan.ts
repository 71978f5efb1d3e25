const units: Record<string, number> = {
  ms: 1, msec: 1, '': 1000, s: 1000, sec: 1000, second: 1000, seconds: 1000, m: 60_000, min: 60_000, minute: 60_000, minutes: 60_000,
  h: 3_600_000, hr: 3_600_000, hour: 3_600_000, hours: 3_600_000, d: 86_400_000, day: 86_400_000, days: 86_400_000,
};

/** A span of time as systemd writes it: `10`, `1min 30s`, `500ms`. Milliseconds, or undefined when it is none. */
export function parseTimespan(text: string): number | undefined {
  if (text.trim() === 'infinity') return Number.POSITIVE_INFINITY;
  let total = 0;
  let rest = text.trim();
  if (rest === '') return undefined;
  while (rest !== '') {
    const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)\s*/.exec(rest);
    const factor = match ? units[match[2] ?? ''] : undefined;
    if (!match || factor === undefined) return undefined;
    total += Number(match[1]) * factor;
    rest = rest.slice(match[0].length);
  }
  return total;
}

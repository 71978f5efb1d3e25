export interface Interval { from: number; to: number }
export interface TimeScale {
  /** Position of an instant (milliseconds since the epoch), 0 to 1. */
  at(instant: number): number;
  /** Long stretches in which nothing happened, drawn short. */
  breaks: { from: number; to: number }[];
}

/** What a shortened stretch takes of the drawing. */
const BREAK_SHARE = 0.06;

/**
 * Maps instants to a drawing's width. A rotation may rest for days between two runs (a grace period, a failed run that somebody looks
 * at on Monday): rests longer than all the work together are drawn as a short break, so that the work stays visible.
 */
export function timeScale(intervals: readonly Interval[]): TimeScale {
  const busy = merge(intervals);
  const first = busy[0];
  if (!first) return { at: () => 0, breaks: [] };
  const working = Math.max(1, busy.reduce((sum, interval) => sum + interval.to - interval.from, 0));
  const gaps = busy.slice(1).map((interval, index) => ({ from: busy[index]!.to, to: interval.from }));
  const breaks = gaps.filter((gap) => gap.to - gap.from > working);
  const short = (working + gaps.filter((gap) => !breaks.includes(gap)).reduce((sum, gap) => sum + gap.to - gap.from, 0)) * BREAK_SHARE;

  const points: { instant: number; width: number }[] = [{ instant: first.from, width: 0 }];
  let width = 0;
  busy.forEach((interval, index) => {
    const gap = gaps[index - 1];
    if (gap) {
      width += breaks.includes(gap) ? short : gap.to - gap.from;
      points.push({ instant: interval.from, width });
    }
    width += interval.to - interval.from;
    points.push({ instant: interval.to, width });
  });
  const whole = Math.max(1, width);
  return {
    breaks,
    at(instant) {
      const after = points.findIndex((point) => point.instant >= instant);
      if (after === -1) return width / whole;
      if (after === 0) return 0;
      const left = points[after - 1]!;
      const right = points[after]!;
      const share = right.instant === left.instant ? 1 : (instant - left.instant) / (right.instant - left.instant);
      return (left.width + share * (right.width - left.width)) / whole;
    },
  };
}

function merge(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const interval of [...intervals].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && interval.from <= last.to) last.to = Math.max(last.to, interval.to);
    else merged.push({ ...interval });
  }
  return merged;
}

/** A round step (in seconds) that divides a length into at most `most` parts. */
export function roundStep(length: number, most: number): number {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400];
  return steps.find((step) => length / step <= most) ?? 86400 * Math.ceil(length / 86400 / most);
}

import { realClock } from '../truth/events.ts';

/** Seconds by which the clock is to be wrong, as they are now. */
let offset = 0;
let isInstalled = false;

/** Puts the clock of this process forward or back. `Date` is replaced when it is wrong for the first time; monotonic clocks go on. */
export function setClock(seconds: number): void {
  offset = seconds * 1000;
  if (offset === 0 || isInstalled) return;
  isInstalled = true;
  const Real = Date;
  const realNow = Real.now.bind(Real);
  const now = () => realNow() + offset;
  (globalThis as { [realClock]?: () => number })[realClock] = realNow;
  globalThis.Date = new Proxy(Real, {
    construct: (target, given, newTarget) => Reflect.construct(target, given.length > 0 ? given : [now()], newTarget === globalThis.Date ? target : newTarget) as object,
    apply: () => new Real(now()).toString(),
    get: (target, key, receiver) => (key === 'now' ? now : Reflect.get(target, key, receiver) as unknown),
  });
}

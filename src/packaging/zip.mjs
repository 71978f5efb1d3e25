import { zipSync } from 'fflate';

/** Sorted names, one fixed time, no attributes of this machine. The date is local on purpose: a zip holds no time zone. */
export function zip(files) {
  const fixed = { mtime: new Date(1980, 0, 1), level: 9, os: 3, attrs: (0o100644 << 16) >>> 0 };
  return zipSync(Object.fromEntries(Object.keys(files).sort().map((name) => [name, [files[name], fixed]])));
}

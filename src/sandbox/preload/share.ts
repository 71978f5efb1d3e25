import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machineLayout } from '../machines/layout.ts';
import type { Told } from './told.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Functions = Record<string, (...given: any[]) => unknown>;

const errors = { full: { code: 'ENOSPC', errno: -28, text: 'no space left on device' }, readOnly: { code: 'EROFS', errno: -30, text: 'read-only file system' } };

/** Those that need space, with the place of the path among their arguments; the others only a share that can be written. */
const needSpace: Record<string, number> = { writeFile: 0, appendFile: 0, mkdir: 0, mkdtemp: 0, copyFile: 1, symlink: 1, link: 1, cp: 1 };
const change: Record<string, number> = { ...needSpace, rename: 1, unlink: 0, rm: 0, rmdir: 0, truncate: 0, chmod: 0, utimes: 0 };
const onDescriptors = ['write', 'writev', 'ftruncate'];
const onHandles = ['write', 'writev', 'writeFile', 'appendFile', 'truncate'];

/** Lets what this process writes into the nodes' shared folder fail, when it is full or cannot be written. */
export function troubleShare(told: Told): void {
  const roots = [machineLayout(told.machineDir).share, join(told.home, 'share')];
  const { readlinkSync } = fs;

  const isInside = (path: unknown): boolean => {
    if (typeof path !== 'string' && !Buffer.isBuffer(path) && !(path instanceof URL)) return false;
    const full = resolve(path instanceof URL ? fileURLToPath(path) : path.toString());
    return roots.some((root) => full === root || full.startsWith(root + sep));
  };
  const isOpenInside = (descriptor: unknown): boolean => {
    try {
      return typeof descriptor === 'number' && isInside(readlinkSync(`/proc/self/fd/${descriptor}`));
    } catch {
      return false;
    }
  };
  /** What is thrown for this call; null when it may go on. */
  const failure = (name: string, subject: unknown): NodeJS.ErrnoException | null => {
    const { share } = told.faults;
    if (share !== 'full' && share !== 'readOnly') return null;
    const syscall = name.replace('Sync', '');
    if (share === 'full' && syscall in change && !(syscall in needSpace)) return null;
    if (typeof subject === 'number' ? !isOpenInside(subject) : !isInside(subject)) return null;
    const { code, errno, text } = errors[share];
    return Object.assign(new Error(`${code}: ${text}, ${syscall}${typeof subject === 'number' ? '' : ` '${String(subject)}'`}`), { code, errno, syscall, ...(typeof subject === 'number' ? {} : { path: String(subject) }) });
  };
  const guard = (functions: Functions, name: string, isPromise: boolean, subjectOf: (given: unknown[]) => unknown): void => {
    const original = functions[name];
    if (original === undefined) return;
    functions[name] = function guarded(this: unknown, ...given: unknown[]) {
      const error = failure(name, subjectOf.call(this, given));
      if (error === null) return original.apply(this, given);
      if (isPromise) return Promise.reject(error);
      const callback = name.endsWith('Sync') ? undefined : given.at(-1);
      if (typeof callback !== 'function') throw error;
      return void process.nextTick(callback as () => void, error);
    };
  };
  const writes = (given: unknown[]) => {
    const [path, flags] = given;
    const isWrite = typeof flags === 'number' ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0 : typeof flags === 'string' && /[wa+]/.test(flags);
    return isWrite ? path : undefined;
  };
  const plain = fs as unknown as Functions;
  const promises = fs.promises as unknown as Functions;
  for (const [name, at] of Object.entries(change)) {
    guard(plain, name, false, (given) => given[at]);
    guard(plain, `${name}Sync`, false, (given) => given[at]);
    guard(promises, name, true, (given) => given[at]);
  }
  for (const name of onDescriptors) for (const suffix of ['', 'Sync']) guard(plain, name + suffix, false, ([descriptor]) => descriptor);
  guard(plain, 'open', false, writes);
  guard(plain, 'openSync', false, writes);
  guard(promises, 'open', true, writes);
  guardHandles(promises, (prototype) => {
    for (const name of onHandles) guard(prototype, name, true, function descriptor(this: unknown) { return (this as { fd: number }).fd; });
  });
  syncBuiltinESMExports();
}

/** The class of file handles is not exported: the first handle shows it. */
function guardHandles(promises: Functions, apply: (prototype: Functions) => void): void {
  const { open } = promises;
  if (open === undefined) return;
  let isKnown = false;
  promises.open = async (...given: unknown[]) => {
    const handle = await (open(...given) as Promise<object>);
    if (!isKnown) {
      isKnown = true;
      apply(Object.getPrototypeOf(handle) as Functions);
    }
    return handle;
  };
}

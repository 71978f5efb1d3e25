import { dirname } from 'node:path';
import type { FileFacts } from '../../../src/ports/files.ts';

interface Node { kind: 'file' | 'folder'; content: Buffer; mode: number }

const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

/** The disk of one machine, in memory. What is on it is durable; who writes to it, and how far he gets, is the affair of an actor. */
export class Disk {
  private nodes = new Map<string, Node>([['/', { kind: 'folder', content: Buffer.alloc(0), mode: 0o700 }]]);

  facts(path: string): FileFacts | null {
    const node = this.nodes.get(path);
    return node ? { kind: node.kind, size: node.content.length, mode: node.mode, owner: 0, modified: 0 } : null;
  }

  read(path: string): Buffer {
    const node = this.nodes.get(path);
    if (node?.kind !== 'file') throw failure('ENOENT', path);
    return node.content;
  }

  list(folder: string): string[] {
    if (this.nodes.get(folder)?.kind !== 'folder') throw failure('ENOENT', folder);
    return [...this.nodes.keys()].filter((path) => path !== folder && dirname(path) === folder).map((path) => path.slice(folder.length + 1));
  }

  makeFolder(path: string, isRecursive = false): void {
    if (this.nodes.has(path)) return;
    if (!this.nodes.has(dirname(path))) {
      if (!isRecursive) throw failure('ENOENT', path);
      this.makeFolder(dirname(path), true);
    }
    this.nodes.set(path, { kind: 'folder', content: Buffer.alloc(0), mode: 0o700 });
  }

  create(path: string, content: Uint8Array | string, mode = 0o600): void {
    if (this.nodes.has(path)) throw failure('EEXIST', path);
    this.put(path, content, mode);
  }

  put(path: string, content: Uint8Array | string, mode = 0o600): void {
    if (this.nodes.get(dirname(path))?.kind !== 'folder') throw failure('ENOENT', path);
    this.nodes.set(path, { kind: 'file', content: Buffer.from(content as Uint8Array), mode });
  }

  append(path: string, content: string): void {
    const before = this.nodes.get(path)?.content ?? Buffer.alloc(0);
    this.put(path, Buffer.concat([before, Buffer.from(content)]), this.nodes.get(path)?.mode);
  }

  truncate(path: string, length: number): void {
    this.put(path, this.read(path).subarray(0, length), this.nodes.get(path)?.mode);
  }

  remove(path: string): void {
    this.nodes.delete(path);
  }

  /** A backup copy of everything below a folder. */
  copyOf(folder: string): ReadonlyMap<string, unknown> {
    return new Map([...this.nodes].filter(([path]) => path === folder || path.startsWith(`${folder}/`)));
  }

  /** Puts a backup copy back: what was not in it is gone. */
  restore(folder: string, copy: ReadonlyMap<string, unknown>): void {
    for (const path of [...this.nodes.keys()]) if (path === folder || path.startsWith(`${folder}/`)) this.nodes.delete(path);
    for (const [path, node] of copy) this.nodes.set(path, node as Node);
  }
}

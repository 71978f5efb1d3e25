import { dirname } from 'node:path';
import type { FileFacts, Files } from '../../../src/ports/files.ts';

interface Node { kind: 'file' | 'folder'; pieces: Buffer[]; size: number; mode: number }

const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

/** A disk in memory, of the account 0. Counts what is written to it. */
export function memoryFiles(): Files & { written: number } {
  const nodes = new Map<string, Node>([['/', { kind: 'folder', pieces: [], size: 0, mode: 0o700 }]]);
  const file = (path: string): Node => {
    const node = nodes.get(path);
    if (node?.kind !== 'file') throw failure('ENOENT', path);
    return node;
  };
  const put = (path: string, content: Uint8Array | string, mode = 0o600): void => {
    if (nodes.get(dirname(path))?.kind !== 'folder') throw failure('ENOENT', path);
    const bytes = Buffer.from(content as Uint8Array);
    nodes.set(path, { kind: 'file', pieces: [bytes], size: bytes.length, mode });
    files.written += 1;
  };
  const files = {
    account: 0,
    written: 0,
    async read(path: string) {
      const node = file(path);
      if (node.pieces.length > 1) node.pieces = [Buffer.concat(node.pieces)];
      return node.pieces[0] ?? Buffer.alloc(0);
    },
    async facts(path: string): Promise<FileFacts | null> {
      const node = nodes.get(path);
      return node ? { kind: node.kind, size: node.size, mode: node.mode, owner: 0, modified: 0 } : null;
    },
    async list(folder: string) {
      return [...nodes.keys()].filter((path) => path !== folder && dirname(path) === folder).map((path) => path.slice(folder.length + 1));
    },
    async makeFolder(path: string, options?: { recursive?: boolean }) {
      if (nodes.has(path)) return;
      if (!nodes.has(dirname(path))) {
        if (!options?.recursive) throw failure('ENOENT', path);
        await files.makeFolder(dirname(path), options);
      }
      nodes.set(path, { kind: 'folder', pieces: [], size: 0, mode: 0o700 });
    },
    async create(path: string, content: Uint8Array | string, mode?: number) {
      if (nodes.has(path)) throw failure('EEXIST', path);
      put(path, content, mode);
    },
    async replace(path: string, content: Uint8Array | string, mode?: number) {
      put(path, content, mode);
    },
    async append(path: string, content: string) {
      if (!nodes.has(path)) put(path, '');
      const node = file(path);
      const bytes = Buffer.from(content);
      node.pieces.push(bytes);
      node.size += bytes.length;
      files.written += 1;
    },
    async truncate(path: string, length: number) {
      const node = file(path);
      node.pieces = [Buffer.concat(node.pieces).subarray(0, length)];
      node.size = length;
    },
    async copy(from: string, to: string, mode?: number) {
      put(to, await files.read(from), mode);
    },
    async remove(path: string) {
      nodes.delete(path);
    },
  };
  return files;
}

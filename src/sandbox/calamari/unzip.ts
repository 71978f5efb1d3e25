import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const LONGEST_COMMENT = 65_535;

/**
 * The entries of a zip by its central directory, stored or deflated; Node's own zlib takes a sixth of the time of one in JavaScript, and
 * every step extracts the package. Throws on anything else: encryption, zip64, other methods, a size that does not come out.
 */
export function unzip(bytes: Buffer): { name: string; content: Buffer }[] {
  let end = bytes.length - 22;
  while (end >= 0 && end >= bytes.length - 22 - LONGEST_COMMENT && bytes.readUInt32LE(end) !== END) end--;
  if (end < 0 || bytes.length < 22 || bytes.readUInt32LE(end) !== END) throw new Error('The package is no zip file.');
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  if (count === 0xffff || at === 0xffffffff) throw new Error('The package is a zip64 file, which this embedded Octopus does not read.');
  return Array.from({ length: count }, () => {
    if (bytes.readUInt32LE(at) !== ENTRY) throw new Error('The directory of the package is damaged.');
    const [flags, method] = [bytes.readUInt16LE(at + 8), bytes.readUInt16LE(at + 10)];
    const [packed, size] = [bytes.readUInt32LE(at + 20), bytes.readUInt32LE(at + 24)];
    const [nameLength, extraLength, commentLength] = [bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32)];
    const local = bytes.readUInt32LE(at + 42);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    at += 46 + nameLength + extraLength + commentLength;
    if ((flags & 1) !== 0 || (method !== 0 && method !== 8)) throw new Error(`The package holds ${name} in a way that this embedded Octopus does not read.`);
    if (bytes.readUInt32LE(local) !== LOCAL) throw new Error(`The package does not hold ${name} where its directory says.`);
    const begin = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const data = bytes.subarray(begin, begin + packed);
    const content = method === 0 ? data : inflateRawSync(data, { maxOutputLength: Math.max(1, size) });
    if (content.length !== size) throw new Error(`The package holds ${name} incompletely.`);
    return { name, content };
  });
}

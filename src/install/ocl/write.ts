import type { OclElement, OclValue } from './document.ts';

const INDENT = '    ';

/** The text of a document, as Octopus' own serializer lays it out: four blanks, a blank line around blocks, keys of a map in order, long texts as indented heredocs. */
export function writeOcl(document: readonly OclElement[]): string {
  return `${elements(document, '')}\n`;
}

function elements(body: readonly OclElement[], indent: string): string {
  return body.map((element, index) => {
    const before = body[index - 1];
    const gap = before === undefined ? '' : element.kind === 'block' || before.kind === 'block' ? '\n\n' : '\n';
    if (element.kind === 'attribute') return `${gap}${indent}${identifier(element.name)} = ${value(element.value, indent)}`;
    const labels = element.labels.map((label) => ` ${quoted(label)}`).join('');
    const inner = element.body.length === 0 ? '' : `${elements(element.body, indent + INDENT)}\n`;
    return `${gap}${indent}${identifier(element.name)}${labels} {\n${inner}${indent}}`;
  }).join('');
}

function value(of: OclValue, indent: string): string {
  if (typeof of === 'string') return text(of, indent);
  if (typeof of === 'number' || typeof of === 'boolean') return String(of);
  if (Array.isArray(of)) return `[${of.map(quoted).join(', ')}]`;
  const entries = Object.entries(of as Record<string, string>).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{\n${entries.map(([name, each]) => `${indent}${INDENT}${/^[A-Za-z_][\w.-]*$/.test(name) ? name : quoted(name)} = ${text(each, indent + INDENT)}\n`).join('')}${indent}}`;
}

/** A heredoc is read without the indentation that all its lines share, so a text whose every line is indented keeps its own by being quoted. */
function text(of: string, indent: string): string {
  const lines = of.split('\n');
  if (lines.length === 1 || of.includes('\r') || lines.every((line) => line === '' || /^\s/.test(line))) return quoted(of);
  const tag = tagFor(lines);
  return `<<-${tag}\n${lines.map((line) => `${indent}${INDENT}${line}\n`).join('')}${indent}${INDENT}${tag}`;
}

function tagFor(lines: readonly string[]): string {
  let tag = 'EOT';
  while (lines.some((line) => line.trim() === tag)) tag += 'T';
  return tag;
}

function quoted(of: string): string {
  const escaped = of.replaceAll('\\', '\\\\').replaceAll('\r', '\\r').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('"', '\\"');
  return `"${escaped}"`;
}

function identifier(name: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new TypeError(`"${name}" is no identifier of OCL.`);
  return name;
}

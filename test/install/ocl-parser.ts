/** Reads OCL by the grammar of OctopusDeploy/Ocl (source/Ocl/Parsing): no comments; a block's body begins on a line of its own. Whatever does not fit is thrown. */
export type Value = string | number | boolean | null | string[] | { [name: string]: Value };
export interface Block { name: string; labels: string[]; attributes: Record<string, Value>; blocks: Block[] }

export function parseOcl(text: string): Block {
  let at = 0;
  const fail = (expected: string): never => {
    throw new Error(`OCL line ${text.slice(0, at).split('\n').length}: ${expected} expected, found ${JSON.stringify(text.slice(at, at + 20))}.`);
  };
  const match = (pattern: RegExp): string | null => {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = at;
    const found = sticky.exec(text);
    if (found !== null) at += found[0].length;
    return found?.[0] ?? null;
  };
  const need = (pattern: RegExp, what: string): string => match(pattern) ?? fail(what);
  const blanks = (): void => void match(/[ \t]*/);
  const space = (): void => void match(/\s*/);
  const unquoted = (): string => JSON.parse(need(/"(?:\\[rnt\\"]|[^"\\\r\n])*"/, 'a quoted text').replaceAll('\t', '\\t')) as string;

  function heredoc(): string {
    const indented = need(/<<-?/, '<<') === '<<-';
    const tag = need(/\S+/, 'a tag');
    need(/[ \t]*\n/, 'a line end');
    const lines: string[] = [];
    for (;;) {
      const line = need(/[^\n]*(\n|$)/, 'a line').replace(/\n$/, '');
      if (line.trim() === tag) {
        at -= 1;
        break;
      }
      if (at >= text.length) fail(`the end ${tag}`);
      lines.push(line);
    }
    if (!indented) return lines.join('\n');
    const by = Math.min(...lines.map((line) => (/\S/.test(line) ? /^\s*/.exec(line)![0].length : Infinity)));
    return lines.map((line) => (line.length <= by ? '' : line.slice(by))).join('\n');
  }

  function value(): Value {
    blanks();
    const next = text[at];
    if (next === '"') return unquoted();
    if (next === '<') return heredoc();
    if (next === '[') {
      const items: string[] = [];
      need(/\[\s*/, '[');
      while (match(/\s*\]/) === null) {
        items.push(unquoted());
        if (match(/\s*,\s*/) === null && !/\s*\]/y.test(text.slice(at))) fail(', or ]');
      }
      return items;
    }
    if (next === '{') {
      const map: Record<string, Value> = {};
      need(/\{[ \t]*\n/, '{ and a line end');
      for (space(); match(/\}/) === null; space()) {
        const name = text[at] === '"' ? unquoted() : need(/[\w.-]+/, 'a name');
        if (name in map) fail(`one ${name} only`);
        blanks();
        need(/=/, '=');
        map[name] = value();
        need(/[ \t]*\n/, 'a line end');
      }
      return map;
    }
    const word = need(/null|true|false|-?\d+(\.\d+)?/, 'a value');
    return word === 'null' ? null : word === 'true' ? true : word === 'false' ? false : Number(word);
  }

  function body(end: RegExp, into: Block): Block {
    for (space(); match(end) === null; space()) {
      const name = need(/\w+/, 'a name');
      blanks();
      if (match(/=/) !== null) {
        if (name in into.attributes) fail(`one ${name} only`);
        into.attributes[name] = value();
        need(/[ \t]*(\n|$)/, 'a line end');
        continue;
      }
      const inner: Block = { name, labels: [], attributes: {}, blocks: [] };
      for (blanks(); text[at] === '"'; blanks()) inner.labels.push(unquoted());
      need(/\{/, '{');
      if (match(/[ \t]*\}/) === null) {
        need(/[ \t]*\n/, 'a line end');
        body(/\}/, inner);
      }
      into.blocks.push(inner);
    }
    return into;
  }

  return body(/$/, { name: '', labels: [], attributes: {}, blocks: [] });
}

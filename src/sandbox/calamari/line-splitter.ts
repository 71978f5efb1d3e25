import { StringDecoder } from 'node:string_decoder';

/** Splits a stream of bytes into lines as .NET's stream reader does: CR, LF and CR LF end a line; a last line needs no end. */
export class LineSplitter {
  private readonly decoder = new StringDecoder('utf8');
  private rest: string[] = [];
  private afterReturn = false;

  push(chunk: Buffer): string[] {
    return this.take(this.decoder.write(chunk));
  }

  end(): string[] {
    const lines = this.take(this.decoder.end());
    const last = this.rest.join('');
    this.rest = [];
    return last === '' ? lines : [...lines, last];
  }

  private take(text: string): string[] {
    const lines: string[] = [];
    let from = 0;
    for (const { 0: end, index } of text.matchAll(/\r\n|\r|\n/g)) {
      const continuesReturn = index === 0 && end === '\n' && this.afterReturn;
      if (!continuesReturn) {
        this.rest.push(text.slice(from, index));
        lines.push(this.rest.join(''));
        this.rest = [];
      }
      from = index + end.length;
    }
    if (from < text.length) this.rest.push(text.slice(from));
    if (text !== '') this.afterReturn = text.endsWith('\r');
    return lines;
  }
}

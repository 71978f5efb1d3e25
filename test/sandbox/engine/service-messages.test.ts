import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Masker } from '../../../src/sandbox/engine/masker.ts';
import { ScriptOutput } from '../../../src/sandbox/engine/script-output.ts';
import { ServiceMessageParser } from '../../../src/sandbox/engine/service-messages.ts';
import { RecordedActivity } from './activity.ts';

const b64 = (text: string): string => Buffer.from(text).toString('base64');
const set = (name: string, value: string): string => `##octopus[setVariable name='${b64(name)}' value='${b64(value)}']`;

function run(lines: string[], source: 'stdout' | 'stderr' = 'stdout') {
  const activity = new RecordedActivity('script');
  const masker = new Masker();
  const output = new ScriptOutput(activity, masker);
  for (const line of lines) output.line(source, line);
  output.end();
  return { output, log: activity.lines };
}

describe('service messages', () => {
  it('any name and value arrive unchanged', () => {
    fc.assert(fc.property(fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => text.trim() !== ''), fc.string({ unit: 'grapheme' }), (name, value) => {
      expect(run([set(name, value)]).output.variables).toEqual([{ name, value, sensitive: false }]);
    }));
  });

  it('any chopping of lines leaves the parser whole: it throws nothing and loses no text outside a message', () => {
    fc.assert(fc.property(fc.array(fc.string().filter((text) => !text.includes('#'))), (lines) => {
      const parser = new ServiceMessageParser();
      expect(lines.flatMap((line) => parser.parse(line))).toEqual(lines.map((text) => ({ kind: 'text', text })));
    }));
    fc.assert(fc.property(fc.array(fc.array(fc.constantFrom('##octopus', '#', '[', ']', 'setVariable', ' ', "name='", "eA=='", '\'', 'x')).map((parts) => parts.join(''))), (lines) => {
      const parser = new ServiceMessageParser();
      for (const line of lines) parser.parse(line);
    }));
  });

  it('##octopus anywhere in a line opens a message, and text around it stays', () => {
    const { output, log } = run([`before ${set('N', 'v')} after`]);
    expect(output.variables).toEqual([{ name: 'N', value: 'v', sensitive: false }]);
    expect(log).toEqual(['Info: before ', 'Info:  after']);
  });

  it('one message a line: a second one is text', () => {
    expect(run([set('A', '1') + set('B', '2')]).output.variables.map(({ name }) => name)).toEqual(['A']);
  });

  it('a stray ##octopus swallows what follows, across lines, up to the next ]', () => {
    const { output, log } = run(['note ##octopus is a word', set('Lost', 'x'), set('Kept', 'y')]);
    expect(output.variables.map(({ name }) => name)).toEqual(['Kept']);
    expect(log[0]).toBe('Info: note ');
    expect(log[1]).toMatch(/^Warning: Could not parse service message/);
    expect(run(['##octopus never closed']).log.at(-1)).toMatch(/never closed/);
  });

  it('an opening broken by a line end is still one', () => {
    expect(run(['#', `#octopus${set('N', 'v').slice('##octopus'.length)}`]).output.variables).toHaveLength(1);
    expect(run([`#${set('N', 'v')}`]).output.variables).toHaveLength(0);
  });

  it.each(["name='Tg='", "name='Tg'", "name='T g=='x", "name='Tg==' NAME='Tg=='", "name=Tg==", "name='-_=='", "name='Tg==' value='!'"])('one bad attribute (%s) voids the message', (attributes) => {
    const { output, log } = run([`##octopus[setVariable ${attributes}]`]);
    expect(output.variables).toEqual([]);
    expect(log[0]).toMatch(/^Warning: Could not parse/);
  });

  it('a message without value sets an empty one; double quotes are as good', () => {
    expect(run([`##octopus[setVariable name="${b64('N')}"]`]).output.variables).toEqual([{ name: 'N', value: '', sensitive: false }]);
  });

  it('level blocks hold until stdout-default', () => {
    expect(run(['a', '##octopus[stdout-verbose]', 'b', '##octopus[stdout-highlight]', 'c', '##octopus[stdout-ignore]', 'd', '##octopus[stdout-default]', 'e']).log)
      .toEqual(['Info: a', 'Verbose: b', 'Highlight: c', 'Info: e']);
    expect(run(['x', '##octopus[stderr-progress]', 'y'], 'stderr').log).toEqual(['Error: x', 'Verbose: y']);
  });

  it('masks sensitive outputs and mask messages in everything that is logged afterwards', () => {
    const { log } = run([`##octopus[setVariable name='${b64('N')}' value='${b64('hunter22')}' sensitive='VHJ1ZQ==']`, `##octopus[mask value='${b64('other-secret')}']`, 'x hunter22 other-secret']);
    expect(log).toEqual(['Info: x ******** ********']);
  });

  it('an unknown message, a message on stderr, and bad progress or artifacts are refused by name', () => {
    expect(run(["##octopus[createStepPackageTarget name='Tg==']"]).output.refusals).toEqual(['This embedded Octopus does not know the service message createStepPackageTarget.']);
    expect(run([set('N', 'v')], 'stderr').output).toMatchObject({ variables: [], refusals: [expect.stringContaining('setVariable')] });
    expect(run([`##octopus[progress percentage='${b64('many')}' message='']`]).output.refusals).toHaveLength(1);
    expect(run([`##octopus[createArtifact path='${b64('a.txt')}' name='']`]).output.refusals).toHaveLength(1);
  });
});

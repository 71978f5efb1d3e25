import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecursiveDefinition, UnsupportedOctostache } from '../../../src/sandbox/octostache/errors.ts';
import { escapeOctostache, Variables } from '../../../src/sandbox/octostache/variables.ts';

const variables = new Variables([
  ['Known', 'world'], ['Nested', 'hello #{Known}'], ['Deep', '#{Nested}!'], ['No', 'No'], ['Zero', '0'], ['False', 'false'], ['Empty', ''],
  ['Octopus.Action[Plan it].Output.X', 'x'], ['Octopus.Action[Plan it].Output[web-01].X', 'x on web-01'], ['Step', 'Plan it'],
  ['Self', 'a #{Self}'], ['Ping', '#{Pong}'], ['Pong', '#{Ping}'], ['Json', '{"a":1}'], ['With spaces', 'yes'],
]);
const expand = (text: string): string => variables.evaluate(text).text;

describe('Octostache, the listed subset', () => {
  it.each([
    ['a #{Known} b', 'a world b'], ['#{ Known }', 'world'], ['#{kNOWN}', 'world'], ['#{Deep}', 'hello world!'], ['#{With spaces}', 'yes'],
    ['#{Octopus.Action[Plan it].Output.X}', 'x'], ['#{Octopus.Action[plan IT].output[WEB-01].x}', 'x on web-01'], ['#{Octopus.Action[#{Step}].Output.X}', 'x'],
    ['#{Octopus.Action[*].Output.X}', 'x'], ['#{Octopus.Action[Plan it]}', 'Plan it'],
    ['#{Nope} #{ Nope } #{Octopus.Action[Plan it].Output.Y}', '#{Nope} #{Nope} #{Octopus.Action[Plan it].Output.Y}'],
    ['##{Known}', '#{Known}'], ['###{Known}', '#world'], ['# ## #', '# ## #'], ['a#{ b', 'a#{ b'], ['#{}', '#{}'], ['#{/if}', '#{/if}'],
    ['#{if Known}T#{else}F#{/if}', 'T'], ['#{if Nope}T#{else}F#{/if}', 'F'], ['#{if Empty}T#{/if}', ''], ['#{if No}T#{/if}', ''], ['#{if Zero}T#{/if}', ''], ['#{if False}T#{/if}', ''],
    ['#{unless Nope}U#{/unless}', 'U'], ['#{unless Known}U#{else}E#{/unless}', 'E'], ['#{if Known}#{if Nope}a#{else}b#{/if}#{/if}', 'b'],
    ['#{if Known == "world"}T#{/if}', 'T'], ['#{if Known != "world"}T#{else}F#{/if}', 'F'], ['#{if "world" == Known}T#{/if}', 'T'], ['#{if Known=="World"}T#{else}F#{/if}', 'F'],
    ['#{if Known == Nested}T#{else}F#{/if}', 'F'], ['#{if Known == Known}T#{/if}', 'T'], ['#{if Nope == ""}T#{/if}', 'T'], ['#{if Known}T', '#{if Known}T'],
  ])('%s reads %s', (text, expected) => {
    expect(expand(text)).toBe(expected);
  });

  it.each(['#{Known | ToUpper}', '#{if Known | ToUpper == "WORLD"}x#{/if}', '#{calc 1+1}', '#{each x in Known}#{x}#{/each}', '#{if No}a#{elseif Known}b#{/if}', '#{Json.a}', '#{ | NowDate}'])(
    'refuses %s loudly, since the real one would evaluate it', (text) => {
      expect(() => expand(text)).toThrow(UnsupportedOctostache);
    });

  it.each(['Self', 'Ping'])('a value that names itself (%s) is an error', (name) => {
    expect(() => variables.get(name)).toThrow(RecursiveDefinition);
  });

  it('a run condition with something unresolved is not truthy', () => {
    expect(variables.isTruthy('#{Known}')).toBe(true);
    expect(variables.isTruthy('#{Nope}')).toBe(false);
    expect(variables.isTruthy('#{if Nope}yes#{/if}')).toBe(false);
    expect(variables.isTruthy(' False ')).toBe(false);
    expect(variables.isTruthy('#{if Nope == "x"}#{else}true#{/if}')).toBe(true);
  });

  it('text without #{ is returned as it is', () => {
    fc.assert(fc.property(fc.string().filter((text) => !text.includes('#{')), (text) => expand(text) === text));
  });

  it('D13: escaped foreign text arrives unchanged', () => {
    const foreign = fc.array(fc.constantFrom('#{Known}', '#', '{', '}', 'a', ' ', '\n', '"', '#{if Known}', '#{/if}', '|')).map((parts) => parts.join('')).filter((text) => !text.includes('##'));
    fc.assert(fc.property(foreign, (text) => new Variables([['V', escapeOctostache(text)], ['Known', 'w']]).get('V') === text));
  });

  it('never throws anything but its two errors', () => {
    const parts = fc.array(fc.constantFrom('#{', '}', '#', '##{', 'if ', 'unless ', 'each ', ' in ', 'Known', 'Octopus', '.', '[', ']', '"', '==', '|', '#{else}', '#{/if}', ' ', '/')).map((all) => all.join(''));
    fc.assert(fc.property(parts, (text) => {
      try {
        return typeof expand(text) === 'string';
      } catch (error) {
        return error instanceof UnsupportedOctostache || error instanceof RecursiveDefinition;
      }
    }), { numRuns: 1000 });
  });
});

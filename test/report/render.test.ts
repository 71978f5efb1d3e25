import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildReport } from '../../src/report/build.ts';
import { durationText, instantText } from '../../src/report/duration.ts';
import { html } from '../../src/report/escape.ts';
import { renderHtml } from '../../src/report/html.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { timeScale } from '../../src/report/time-scale.ts';
import { completed, handedOver, machine, NEW, OLD, planned } from './told-rotation.ts';

const ID = 'server-certificate-20260302-210000-7f3a';
const page = (teller = completed()) => renderHtml(buildReport(ID, teller.entries, teller.now()));

/** Names of all elements, and whether they are closed in order: a small check that the markup is whole. */
function elements(markup: string): string[] {
  const open: string[] = [];
  const all: string[] = [];
  const VOID = new Set(['meta', 'br']);
  for (const [, close, name, , self] of markup.replace(/<style>[\s\S]*?<\/style>/, '').matchAll(/<(\/?)([a-zA-Z0-9]+)((?:\s+[\w-]+(?:="[^"<>]*")?)*)\s*(\/?)>/g)) {
    if (close) expect(open.pop()).toBe(name);
    else {
      all.push(name!);
      if (!self && !VOID.has(name!)) open.push(name!);
    }
  }
  expect(open).toEqual([]);
  return all;
}

describe('the page', () => {
  it('is whole, and stands alone: no script, no image, no frame, no link, nothing loaded', () => {
    const names = new Set(elements(page()));
    for (const name of ['script', 'img', 'iframe', 'link', 'object', 'a', 'form', 'base']) expect(names.has(name), name).toBe(false);
    expect(page()).not.toMatch(/\b(src|href|onload|onclick|style)=|@import|url\(/);
    expect(page()).toContain("default-src 'none'");
  });

  it.each([['just planned', () => planned()], ['handed over', () => handedOver()], ['not ended', () => completed({ ended: false })], ['completed', () => completed()]] as const)('is whole for a rotation that is %s', (_, teller) => {
    expect(elements(page(teller())).length).toBeGreaterThan(50);
  });

  it('shows verdict, both thumbprints, every machine, the commands, the absence and the evidence', () => {
    const report = buildReport(ID, completed().entries, completed().now());
    const shown = page();
    for (const text of [OLD, NEW, ...report.machines.map((one) => one.name), report.evidence.planHash!, report.evidence.lastLineSha256, 'Octopus Server away', ID]) expect(shown).toContain(text);
    expect(shown.match(/<pre>/g)).toHaveLength(2);
  });

  it('has a command in <pre> that is the command when it is copied', () => {
    const report = buildReport(ID, completed().entries, completed().now());
    const shown = /<pre>([\s\S]*?)<\/pre>/.exec(page())![1]!.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
    expect(shown).toBe(report.leftBehind[0]!.repair);
  });

  it('escapes every foreign text', () => {
    const evil = `"><script>alert('1')</script>&`;
    const teller = planned([machine(evil)]).begin('trust-server-certificate').finish('refused', [{ code: 'X', message: evil, next: evil }]);
    const shown = page(teller);
    expect(shown).not.toContain('<script');
    expect(new Set(elements(shown)).has('script')).toBe(false);
    expect(shown).toContain('&#60;script&#62;');
  });

  it('lets no text out of its place, whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      const made = html`<p title="${text}">${text}</p>`.text;
      expect(made).toMatch(/^<p title="[^"<>']*">[^<>"']*<\/p>$/);
    }));
  });

  it('draws a rest of days short, so that the work stays visible', () => {
    const teller = planned().after(14 * 86_400).taken('runbook', 'ServerTasks-200').begin('back-up-server-certificate').after(2).finish();
    expect(page(teller)).toContain('14 days 0 h');
    const scale = timeScale([{ from: 0, to: 10_000 }, { from: 1_000_000_000, to: 1_000_010_000 }]);
    expect(scale.breaks).toHaveLength(1);
    expect(scale.at(10_000) - scale.at(0)).toBeGreaterThan(0.4);
  });

  it('keeps the order of instants in every drawing', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(1e9), fc.nat(1e6)), { minLength: 1, maxLength: 12 }), (pairs) => {
      const scale = timeScale(pairs.map(([from, length]) => ({ from, to: from + length })));
      const instants = pairs.flatMap(([from, length]) => [from, from + length]).sort((a, b) => a - b);
      const places = instants.map((instant) => scale.at(instant));
      expect(places.every((place, index) => place >= 0 && place <= 1 && (index === 0 || place >= places[index - 1]!))).toBe(true);
    }));
  });

  it('stays a page of bearable size for a thousand machines', () => {
    const many = Array.from({ length: 1000 }, (_, index) => machine(`web-${index}`));
    expect(page(planned(many)).length).toBeLessThan(2_000_000);
  });
});

describe('the Markdown', () => {
  it('says the verdict, the certificates, and each machine left behind with its command as code', () => {
    const report = buildReport(ID, completed().entries, completed().now());
    const text = renderMarkdown(report);
    expect(text.split('\n')[0]).toBe(`# ${report.verdict}`);
    expect(text).toContain(`\n    ${report.leftBehind[0]!.repair}\n`);
    expect(text).toContain(OLD);
  });

  it('lets foreign text make no markup', () => {
    const teller = planned().begin('trust-server-certificate').finish('refused', [{ code: 'X', message: '[click](http://x) <b>', next: 'y' }]);
    expect(renderMarkdown(buildReport(ID, teller.entries, teller.now()))).toContain('\\[click\\](http://x) \\<b\\>');
  });
});

describe('times', () => {
  it('are told in the unit that suits them', () => {
    expect([0, 4.23, 61, 3600, 7380, 14 * 86_400].map(durationText)).toEqual(['0.0 s', '4.2 s', '1 min 1 s', '1 h 0 min', '2 h 3 min', '14 days 0 h']);
    expect(instantText('2026-01-05T10:00:17.376Z')).toBe('2026-01-05 10:00:17 UTC');
  });
});

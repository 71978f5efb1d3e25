import { expect, it } from 'vitest';
import { buildReport } from '../../src/report/build.ts';
import { renderHtml } from '../../src/report/html.ts';
import { completed, handedOver, type Teller } from './told-rotation.ts';

const ROTATION = 'sc-20260302-0a1b2c3d';
const report = (teller: Teller) => buildReport(ROTATION, teller.entries, new Date('2026-03-02T22:00:00Z'));

function threeNodes(): Teller {
  const teller = handedOver();
  const planned = teller.entries.find((entry) => entry.kind === 'planned')!;
  if (planned.kind === 'planned') planned.data.nodes = ['NODE1', 'NODE2'].map((name) => ({ id: `OctopusServerNodes-${name}`, name }));
  teller.taken('relay', null);
  for (const name of ['NODE2', 'NODE1']) {
    const id = `OctopusServerNodes-${name}`;
    teller.after(1).say('done', id, { effect: 'drain', detail: {} }).after(2).say('intent', id, { effect: 'restart-server', detail: {} }).after(6);
    if (name === 'NODE2') teller.say('proved', id, { claim: 'node-presents-new', how: 'wire', detail: {} }).say('done', id, { effect: 'undrain', detail: {} });
    else teller.say('unproved', id, { claim: 'node-presents-new', verdict: 'unknown', reason: 'connection refused' });
  }
  return teller;
}

it('A15: who showed what when is told of each node, and drawn', () => {
  const { evidence } = report(threeNodes());
  expect(evidence.nodes.map((node) => [node.name, node.steps.map((step) => step.what)])).toEqual([['NODE1', ['drained', 'restarted', 'not-seen']], ['NODE2', ['drained', 'restarted', 'presents-new', 'undrained']]]);
  const page = renderHtml(report(threeNodes()));
  expect(page).toContain('The server nodes');
  expect(page).toMatch(/<title>NODE2: seen with the new certificate, 2026-03-02T/);
  expect(page).toMatch(/<td>NODE1<\/td><td>[^<]*<\/td><td>not seen with the certificate it was to present<\/td>/);
});

it('of a single node nothing is drawn', () => {
  expect(renderHtml(report(completed()))).not.toContain('The server nodes');
});

it('rule 10: the numbers that decided an undo are in the report', () => {
  const teller = threeNodes().say('intent', 'server', { effect: 'undo', detail: { reason: 'none of 7 machines asked through the server answers it', asked: 7, answered: 0, nodes: 2, presenting: 2 } });
  expect(report(teller).evidence.undone).toMatchObject([{ asked: 7, answered: 0, nodes: 2, presenting: 2 }]);
});

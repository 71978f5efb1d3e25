import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { says } from '../../src/install/same.ts';
import { RUNBOOKS } from '../../src/install/runbooks/index.ts';
import { rotateTentacleCertificates } from '../../src/install/runbooks/rotate-tentacle-certificates.ts';
import { rotateServerCertificate } from '../../src/install/runbooks/rotate-server-certificate.ts';
import { mergeVariables } from '../../src/install/variables.ts';
import { serverCertificate } from '../../src/rotations/server-certificate.ts';
import { tentacleCertificates } from '../../src/rotations/tentacle-certificates.ts';

describe.each([['Rotate server certificate', rotateServerCertificate, serverCertificate], ['Rotate Tentacle certificates', rotateTentacleCertificates, tentacleCertificates]] as const)('the runbook "%s"', (_, runbook, rotation) => {
  it('has the phases of the rotation, in their order', () => {
    expect(runbook.steps.map((step) => step.phase)).toEqual(rotation.phases.map((each) => each.phase));
  });
});

describe.each(RUNBOOKS.map((each) => [each.name, each] as const))('the runbook "%s"', (_, runbook) => {
  it('gives every input of every phase a value, and none that the phase does not know', () => {
    for (const step of runbook.steps) {
      const schema = JSON.parse(readFileSync(`schemas/inputs/${step.phase}.schema.json`, 'utf8')) as { properties: object };
      expect([step.name, Object.keys(step.bindings).sort()]).toEqual([step.name, Object.keys(schema.properties).sort()]);
    }
  });

  it('refers only to steps that come before', () => {
    const names = runbook.steps.map((step) => step.name);
    expect(new Set(names).size).toBe(names.length);
    runbook.steps.forEach((step, index) => {
      for (const [, name] of JSON.stringify(step).matchAll(/Octopus\.Action\[(.+?)\]/g)) expect(names.slice(0, index)).toContain(name);
    });
  });

  it('refers only to variables of Octopus, of earlier steps, and to those that the installer makes', () => {
    const made = mergeVariables([], { serverUrl: 'http://octopus', apiKey: 'key', apiKeyFingerprint: 'f', newSecret: 's', given: {} }).variables.map((each) => each['Name']);
    for (const [, name] of JSON.stringify(runbook.steps).matchAll(/#\{(?:if )?(Rotation\.\w+)\}/g)) expect(made).toContain(name);
  });

  it('begins with a step that asks for nothing and ends with a report that always runs', () => {
    expect(runbook.steps[0]!.condition).toEqual({ kind: 'first' });
    expect(runbook.steps.at(-1)).toMatchObject({ phase: 'report-rotation', condition: { kind: 'always' } });
  });
});

describe('the runbooks together', () => {
  it('have names of their own, by which they are found again', () => {
    expect(new Set(RUNBOOKS.map((each) => each.name.toLowerCase())).size).toBe(RUNBOOKS.length);
  });
});

describe('comparing what is there with what is wanted', () => {
  it.each<[unknown, unknown, boolean]>([
    [{ a: 1, b: 2 }, { a: 1 }, true],
    [{ a: 1 }, { a: 1, b: null }, true],
    [{ a: 1 }, { a: 1, b: { c: '' } }, true],
    [{ a: 1, b: 'x' }, { a: 1, b: '' }, false],
    [{ a: [1, 2] }, { a: [1] }, false],
    [{ a: [{ x: 1, Id: 'i' }] }, { a: [{ x: 1 }] }, true],
    [{ a: false }, { a: false }, true],
    [{}, { a: false }, false],
    [null, { a: 1 }, false],
    ['1', 1, false],
  ])('%j against %j: %s', (found, wanted, same) => {
    expect(says(found, wanted)).toBe(same);
  });
});

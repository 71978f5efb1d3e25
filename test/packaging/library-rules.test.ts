import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { installedForm, libraryForm, type LibraryTemplate } from '../../src/packaging/library-form.ts';

const files = readdirSync('dist/step-templates');
const templates = files.map((name) => JSON.parse(readFileSync(`dist/step-templates/${name}`, 'utf8')) as LibraryTemplate);

/** OctopusDeploy/Library: spec/step-template-validation-tests.js and the pull request's list (step-packages.md 7.3). */
describe("the community library's rules", () => {
  it('a folder of JSON files, UTF-8 without a byte order mark', () => {
    for (const name of files) {
      expect(name).toMatch(/\.json$/);
      expect([...readFileSync(`dist/step-templates/${name}`).subarray(0, 3)]).not.toEqual([0xef, 0xbb, 0xbf]);
    }
  });

  it('every template says who changed it last and when it was exported', () => {
    for (const template of templates) {
      expect(template.LastModifiedBy).not.toBe('');
      expect(new Date(template.$Meta.ExportedAt).toISOString()).toBe(template.$Meta.ExportedAt);
      expect(template.$Meta.Type).toBe('ActionTemplate');
    }
  });

  it('names are its own, of the form "Noun - Verb", and at most 200 characters', () => {
    for (const { Name } of templates) expect(Name).toMatch(/^(?=.{1,200}$)[A-Z][\w ]+ - [A-Z][\w ]+$/);
    expect(new Set(templates.map((each) => each.Name)).size).toBe(templates.length);
  });

  it('ids are GUIDs of their own, neither all zeros nor the one of the sample', () => {
    for (const { Id } of templates) {
      expect(Id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(['00000000-0000-0000-0000-000000000000', 'abcdef00-ab00-cd00-ef00-000000abcdef']).not.toContain(Id);
    }
    expect(new Set(templates.map((each) => each.Id)).size).toBe(templates.length);
  });

  it('packages name no feed, have an id, and are chosen by a parameter that exists', () => {
    for (const { Packages, Parameters } of templates) {
      const [reference, ...others] = Packages;
      expect([reference.FeedId, reference.PackageId, others]).toEqual([null, null, []]);
      expect(reference.Id).toMatch(/^[0-9a-f-]{36}$/);
      expect(Parameters.find((each) => each.Name === reference.Properties['PackageParameterName'])?.DisplaySettings).toEqual({ 'Octopus.ControlType': 'Package' });
    }
  });

  it('parameters are prefixed, have ids of their own, and no example as default', () => {
    for (const { Parameters } of templates) {
      for (const { Name, DefaultValue } of Parameters) expect([Name, DefaultValue]).toEqual([expect.stringMatching(/^OctopusRotation\.[A-Z]\w+$/), '']);
      expect(new Set(Parameters.map((each) => each.Id)).size).toBe(Parameters.length);
    }
  });

  it('the category is one that the library has, and what a script needs is named in its description', () => {
    for (const { Category, Description, ActionType, StepPackageId } of templates) {
      expect([Category, ActionType, StepPackageId]).toEqual(['octopus', 'Octopus.Script', 'Octopus.Script']);
      expect(Description).toMatch(/Bash; needs openssl and Node\.js 18 or later/);
    }
  });

  it('are those that install puts into Octopus, but for the package', () => {
    for (const template of templates) {
      const installed = installedForm(template);
      expect(installed.Packages[0]).toMatchObject({ FeedId: 'feeds-builtin', PackageId: 'octopus-rotation', Properties: { SelectionMode: 'immediate' } });
      expect(libraryForm(installed)).toEqual(template);
    }
  });
});

it('ids are fixed for ever, and a version is raised when its template says something else or is of another release', () => {
  expect(spawnSync(process.execPath, ['src/packaging/template-record.mjs', '--check'], { encoding: 'utf8' })).toMatchObject({ stdout: '', stderr: '', status: 0 });
});

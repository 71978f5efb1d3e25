import { createPrivateKey } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import schema from '../../schemas/rehearsal-event.schema.json' with { type: 'json' };
import type { RehearsalEvent, SummaryEvent } from '../../schemas/types/rehearsal-event.ts';
import { openPfx } from '../../src/certificates/pfx.ts';
import { serverAccess } from '../../src/cli/runs/server-access.ts';
import { parseRotationId } from '../../src/journal/rotation-id.ts';
import { rotationSecrets } from '../../src/journal/secrets.ts';
import { openDatabase } from '../../src/sandbox/server/creation.ts';
import { processesNaming } from '../support/processes.ts';
import { runProgram } from '../support/programs.ts';
import { rehearse, type Rehearsed } from '../support/rehearsal.ts';
import { octopusRotation } from '../support/rotation.ts';
import { startSandbox, until, type SandboxLine, type TestSandbox } from '../support/sandbox.ts';
import { searchSecrets, type NamedText, type Secret } from '../support/secret-search.ts';

const ESTATE = 'test/estates/seven-tentacles.json';
const folder = mkdtempSync(join(tmpdir(), 'whl-'));
const home = join(folder, 'home');
afterAll(() => rmSync(folder, { recursive: true }));

let first: Rehearsed;
let summary: SummaryEvent;
const eventsOf = (rehearsed: Rehearsed): RehearsalEvent[] => rehearsed.lines.map((line) => JSON.parse(line) as RehearsalEvent);
beforeAll(async () => {
  first = await rehearse(['--json', '--home', home, '--estate', ESTATE]);
  summary = eventsOf(first).at(-1) as SummaryEvent;
}, 240_000);

/** Rotation.Secret as the server keeps it for the runs: a person has seen it once only. */
function rotationSecret(): string {
  const database = openDatabase(join(home, 'machines', 'octopus-01'));
  // Snapshots of the runbook hold copies of the set.
  const values = [...new Set(database.read().Collections.VariableSets.flatMap((set) => set.Variables).filter((one) => one.Name === 'Rotation.Secret').map((one) => database.reveal(one.Value)))];
  expect(values).toHaveLength(1);
  return values[0]!;
}

function pfxOf(rotation: string, thumbprint: string, which: 'old' | 'new'): { path: string; password: string } {
  return { path: join(home, 'state', 'rotations', rotation, `${thumbprint}.pfx`), password: rotationSecrets(rotationSecret()).pfxPassword(parseRotationId(rotation), which) };
}

describe('rehearse --json on seven Tentacles, of which two are left behind', () => {
  it('prints events that fit their schema, one a line, and ends with exit code 0 and a silent standard error', () => {
    expect([first.code, first.error]).toEqual([0, '']);
    const validate = new Ajv({ allowUnionTypes: true }).compile(schema);
    const unfit = first.lines.filter((line) => !validate(JSON.parse(line)));
    expect(unfit).toEqual([]);
    expect(first.lines.length).toBeGreaterThan(30);
  });

  it('tells everything in its order: sandbox, installing, the run, hand-over, the server away and back, the second run, the end', () => {
    const told = eventsOf(first).map((one) => one.event);
    const order = ['started', 'sandbox-ready', 'installed', 'run-started', 'phase', 'handed-over', 'run-ended', 'relay', 'server', 'run-started', 'run-ended', 'rotation-ended', 'saved', 'summary'];
    let at = -1;
    for (const name of order) {
      const next = told.findIndex((one, index) => index > at && one === name);
      expect({ name, found: next > at }).toEqual({ name, found: true });
      at = next;
    }
    expect(told.filter((one) => one === 'summary')).toHaveLength(1);
    const elapsed = eventsOf(first).flatMap((one) => ('elapsed' in one ? [one.elapsed] : []));
    expect(elapsed).toEqual([...elapsed].sort((a, b) => a - b));
  });

  it('ends with the summary: both thumbprints as the server shows them, who is proved, who is left behind and why', () => {
    expect(summary).toMatchObject({ event: 'summary', outcome: 'completed', proved: 5 });
    const before = eventsOf(first).find((one) => one.event === 'sandbox-ready')!;
    expect(summary.oldThumbprint).toBe(before.thumbprint);
    const truth = readFileSync(join(home, 'truth.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { event: string; to?: string });
    expect(summary.newThumbprint).toBe(truth.findLast((one) => one.event === 'certificate-imported')?.to);
    expect(summary.leftBehind.map(({ machine, reason }) => ({ machine, reason })).sort((a, b) => (a.machine < b.machine ? -1 : 1))).toEqual([{ machine: 'branch-07', reason: 'off' }, { machine: 'legacy-01', reason: 'disabled' }]);
    for (const { repair } of summary.leftBehind) expect(repair).toContain(`--trust ${summary.newThumbprint}`);
    expect(existsSync(summary.report!)).toBe(true);
  });

  it('leaves no process behind', () => {
    expect(processesNaming(home)).toEqual([]);
  });
});

describe('after the rotation, in the same home', () => {
  let sandbox: TestSandbox;
  beforeAll(async () => {
    sandbox = await startSandbox({ estate: ESTATE, home });
    // The same search would be blind if the processes that it looks for were not named by the home.
    expect(processesNaming(home).length).toBeGreaterThan(5);
  });
  afterAll(() => sandbox.stop());

  const probe = async (machine: string, thumbprint: string, which: 'old' | 'new') => {
    const { path, password } = pfxOf(summary.rotation!, thumbprint, which);
    const tentacle = sandbox.line.tentacles.find((one) => one.name === machine)!;
    return (await octopusRotation(['probe', tentacle.address, '--pfx', path, '--pfx-password-env', 'PFX_PASSWORD', '--peer', tentacle.thumbprint], { PFX_PASSWORD: password })).code;
  };

  it.each(['branch-07', 'legacy-01'])('A1: %s, which was left behind, is mended by the printed command: it trusts NEW and no longer OLD', async (machine) => {
    await sandbox.power(machine, 'start');
    await until(`the Tentacle on ${machine} runs`, 20_000, async () => (await sandbox.truth()).tentacles.find((one) => one.machine === machine)?.running);
    expect({ new: await probe(machine, summary.newThumbprint!, 'new'), old: await probe(machine, summary.oldThumbprint!, 'old') }, 'left behind: it trusts only OLD').toEqual({ new: 3, old: 0 });
    const { repair } = summary.leftBehind.find((one) => one.machine === machine)!;
    const html = readFileSync(summary.report!, 'utf8').replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
    expect(html.includes(`<pre>${repair!}</pre>`), 'the report prints the same command').toBe(true);
    const pasted = await runProgram(sandbox.line.tentacles.find((one) => one.name === machine)!.shell, ['-c', repair!]);
    expect(pasted).toMatchObject({ code: 0 });
    await until(`the Tentacle on ${machine} runs again`, 20_000, async () => (await sandbox.truth()).tentacles.find((one) => one.machine === machine)?.running);
    expect({ new: await probe(machine, summary.newThumbprint!, 'new'), old: await probe(machine, summary.oldThumbprint!, 'old') }).toEqual({ new: 0, old: 3 });
    const foreign = (await sandbox.truth()).tentacles.find((one) => one.machine === machine)!.effective!;
    expect(foreign.map((entry) => entry.Thumbprint)).toEqual([summary.newThumbprint]);
  });

  describe('the secret search of INVARIANTS.md', () => {
    let secrets: Secret[];
    let texts: NamedText[];
    const line = (): SandboxLine => sandbox.line;
    beforeAll(async () => {
      const [old, fresh] = [pfxOf(summary.rotation!, summary.oldThumbprint!, 'old'), pfxOf(summary.rotation!, summary.newThumbprint!, 'new')];
      secrets = [
        { name: 'API key', value: line().apiKey },
        { name: 'Rotation.Secret', value: rotationSecret() },
        { name: 'password of the PFX of OLD', value: old.password },
        { name: 'password of the PFX of NEW', value: fresh.password },
        ...(await Promise.all([['OLD', old], ['NEW', fresh]].map(async ([name, pfx]) => privateKeyForms(name as string, await openPfx(readFileSync((pfx as typeof old).path), (pfx as typeof old).password, 'kept.pfx'))))).flat(),
      ];
      texts = [{ name: 'standard output of the rehearsal', text: first.lines.join('\n') }, { name: 'standard error of the rehearsal', text: first.error }, ...(await everythingOverRest())];
    });

    function privateKeyForms(name: string, pfx: Awaited<ReturnType<typeof openPfx>>): Secret[] {
      const key = createPrivateKey(pfx.identity.keyPem);
      const { d, p } = key.export({ format: 'jwk' });
      return [
        { name: `private key of ${name} (PKCS #1)`, value: key.export({ format: 'der', type: 'pkcs1' }) },
        { name: `private key of ${name} (PKCS #8)`, value: key.export({ format: 'der', type: 'pkcs8' }) },
        { name: `private exponent of ${name}`, value: Buffer.from(d!, 'base64url') },
        { name: `prime of ${name}`, value: Buffer.from(p!, 'base64url') },
      ];
    }

    /** Logs, details and artifacts of every task, and what REST says of variables, runbooks and templates. */
    async function everythingOverRest(): Promise<NamedText[]> {
      const access = serverAccess(line().url, line().apiKey);
      const found: NamedText[] = [];
      const tasks = await access.client.tasks({});
      expect(tasks.length).toBeGreaterThan(5);
      for (const task of tasks) {
        found.push({ name: `${task.id} log`, text: await access.taskLog(task.id) });
        found.push({ name: `${task.id} details`, text: await get(`/api/tasks/${task.id}/details?verbose=true`) });
        for (const artifact of await access.artifacts(task.spaceId ?? 'Spaces-1', task.id)) found.push({ name: `${task.id} ${artifact.name}`, text: await artifact.read() });
      }
      expect(found.filter((one) => /rotation-.*report/.test(one.name)).length).toBeGreaterThanOrEqual(4);
      for (const path of ['variables/all', 'runbooks/all', 'actiontemplates/all', 'libraryvariablesets/all']) found.push({ name: path, text: await get(`/api/Spaces-1/${path}`) });
      return found;
    }

    async function get(path: string): Promise<string> {
      return (await fetch(`${line().url}${path}`, { headers: { 'X-Octopus-ApiKey': line().apiKey } })).text();
    }

    it('finds nothing in the home, in what was printed, or over REST, outside the places that may hold it', () => {
      // The sandbox hands its administrator the key of the sandbox itself; nothing of the product writes there.
      expect(searchSecrets({ secrets, folders: [home], texts, allowed: [{ path: /^sandbox\.json$/, secret: /^API key$/ }] })).toEqual([]);
    });

    it('finds a canary that is planted, in each form and for each secret', () => {
      const canary = join(home, 'state', 'rotations', summary.rotation!, 'canary');
      for (const { name, value } of secrets) {
        const bytes = Buffer.from(value);
        const forms = [bytes, bytes.toString('base64'), bytes.toString('hex'), `-----BEGIN KEY-----\n${bytes.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END KEY-----`, Buffer.concat([Buffer.from('x'), bytes]).toString('base64'), ...(typeof value === 'string' ? [encodeURIComponent(value)] : [])];
        for (const form of forms) {
          writeFileSync(canary, Buffer.concat([Buffer.from('before '), Buffer.from(form), Buffer.from(' after')]));
          const found = searchSecrets({ secrets, folders: [join(home, 'state')] });
          expect(found.map((one) => one.secret)).toContain(name);
          expect(found.every((one) => one.path === `rotations/${summary.rotation!}/canary`)).toBe(true);
        }
      }
      rmSync(canary);
    });
  });
});

describe('a second rotation in the same home', () => {
  it('completes as the first did, from its NEW to another, and says so to people without telling a secret', async () => {
    const secret = rotationSecret();
    const { code, lines, error } = await rehearse(['--home', home, '--estate', ESTATE]);
    const text = lines.join('\n');
    expect([code, error], text).toEqual([0, '']);
    expect(text).toMatch(new RegExp(`old thumbprint +${summary.newThumbprint}`));
    const fresh = /new thumbprint +([0-9A-F]{40})/.exec(text)?.[1];
    expect([summary.oldThumbprint, summary.newThumbprint]).not.toContain(fresh);
    expect(rotationSecret()).toBe(secret);
    const { apiKey } = JSON.parse(readFileSync(join(home, 'sandbox.json'), 'utf8')).server as { apiKey: string };
    expect(searchSecrets({ secrets: [{ name: 'API key', value: apiKey }, { name: 'Rotation.Secret', value: secret }], folders: [join(home, 'state'), join(home, 'reports'), join(home, 'server'), join(home, 'machines')], texts: [{ name: 'standard output', text }] })).toEqual([]);
    expect(processesNaming(home)).toEqual([]);
  });
});

describe('Ctrl-C', () => {
  it('while the relay restarts the server leaves no process, and the same command on the same home completes that rotation', async () => {
    const other = join(folder, 'interrupted');
    const args = ['--json', '--home', other, '--estate', 'test/estates/smallest.json'];
    const broken = await rehearse(args, (event) => event.event === 'relay' && event.stage === 'server-away');
    expect(broken.code).toBe(130);
    expect(broken.error).toMatch(/^CLI_INTERRUPTED: /);
    expect(processesNaming(other)).toEqual([]);
    const ended = eventsOf(broken).at(-1) as SummaryEvent;
    expect(ended).toMatchObject({ event: 'summary' });
    expect(ended.outcome).not.toBe('completed');
    const again = await rehearse(args);
    const summaryAgain = eventsOf(again).at(-1) as SummaryEvent;
    expect([again.code, summaryAgain.outcome], again.lines.slice(-15).join('\n')).toEqual([0, 'completed']);
    const rotations = new Set(eventsOf(broken).concat(eventsOf(again)).flatMap((one) => (one.event === 'handed-over' ? [one.unit] : [])));
    expect(rotations.size).toBe(1);
    expect([...rotations][0]).toContain(summaryAgain.rotation!);
    expect(processesNaming(other)).toEqual([]);
  });
});

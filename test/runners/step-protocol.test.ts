import { describe, expect, it } from 'vitest';
import { Redaction } from '../../src/runners/redaction.ts';
import { escapeExpressions, logLines, serviceMessage, stepVoice } from '../../src/runners/service-messages.ts';
import { readInputs, sensitiveNames } from '../../src/runners/step-inputs.ts';
import schema from '../../schemas/inputs/plan-server-certificate.schema.json';
import type { Phase } from '../../src/phases/context.ts';

const phase = { name: 'plan-server-certificate', title: '', run: async () => ({ outcome: 'stop', outputs: {}, headline: '' }) } satisfies Phase<Record<string, unknown>>;
const inputs = { ServerUrl: 'https://octopus', ApiKey: 'API-KEYKEYKEY', Secret: 's'.repeat(40), StateFolder: '/var/lib/octopus-rotation', TaskId: 'ServerTasks-1', SpaceId: 'Spaces-1', ProjectName: 'P', RunbookName: 'R', EnvironmentName: 'E', SnapshotName: 'S', OfflineMachines: 'refuse', EnableDisabled: 'False', PollingRoute: 'twin', WaveBy: 'size', WaveSize: '50', Canaries: '1', AtOnce: '10', StopAfterFailures: '2', MaximumAgeDays: '365', ExpiresWithinDays: '30', DrainLimitMinutes: '30', RestartWatchSeconds: '150' };
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');
const read = (value: unknown) => readInputs(phase as Phase<Record<string, unknown>>, schema, typeof value === 'string' ? value : encode(value));

describe('what a step is given', () => {
  it('texts become numbers where the schema says so', async () => {
    expect(await read({ phase: phase.name, inputs })).toMatchObject({ MaximumAgeDays: 365, OfflineMachines: 'refuse', EnableDisabled: false });
  });

  it.each([
    ['an unknown input', { phase: phase.name, inputs: { ...inputs, Foo: 'x' } }, 'INPUT_UNKNOWN'],
    ['D18: an empty required input', { phase: phase.name, inputs: { ...inputs, Secret: '' } }, 'INPUT_MISSING'],
    ['a value outside the choices', { phase: phase.name, inputs: { ...inputs, OfflineMachines: 'maybe' } }, 'INPUT_INVALID'],
    ['a number that is none', { phase: phase.name, inputs: { ...inputs, MaximumAgeDays: 'a year' } }, 'INPUT_INVALID'],
    ['inputs of another phase', { phase: 'report-rotation', inputs }, 'INPUT_NOT_JSON'],
    ['nothing at all', '', 'INPUT_NOT_JSON'],
    ['no base64', '{"phase":1}', 'INPUT_NOT_JSON'],
    ['a value that is no text', { phase: phase.name, inputs: { ...inputs, TaskId: 7 } }, 'INPUT_NOT_JSON'],
  ])('%s is refused', async (_name, value, code) => {
    await expect(read(value)).rejects.toMatchObject({ code });
  });

  it('knows which inputs are secrets, from the schema', () => {
    expect(sensitiveNames(schema)).toEqual(['ApiKey', 'Secret']);
  });
});

describe('what a step says', () => {
  it('every value of a service message is base64 of UTF-8', () => {
    expect(serviceMessage('setVariable', { name: 'N', value: 'Zürich' })).toBe("##octopus[setVariable name='Tg==' value='WsO8cmljaA==']");
  });

  it('D13: an expression in an output is escaped', () => {
    expect(escapeExpressions('a #{Secret} b')).toBe('a ##{Secret} b');
  });

  it('foreign text cannot forge a message, nor run over several lines', () => {
    const said: string[] = [];
    stepVoice((line) => said.push(line)).info("web-01\r\n##octopus[setVariable name='eA==' value='eA==']");
    expect(said).toEqual(['web-01', "# #octopus[setVariable name='eA==' value='eA==']"]);
    expect(logLines('naïve')).toEqual(['na?ve']);
  });

  it('levels are always put back', () => {
    const said: string[] = [];
    const voice = stepVoice((line) => said.push(line));
    voice.warn('x');
    voice.error('y');
    expect(said).toEqual(['##octopus[stdout-warning]', 'x', '##octopus[stdout-default]', '##octopus[stdout-error]', 'y', '##octopus[stdout-default]']);
  });
});

describe('redaction', () => {
  it.each([
    ['raw', (secret: string) => secret],
    ['base64', (secret: string) => Buffer.from(secret).toString('base64')],
    ['hexadecimal', (secret: string) => Buffer.from(secret).toString('hex')],
    ['URI-encoded', (secret: string) => encodeURIComponent(secret)],
  ])('hides a registered secret %s', (_form, form) => {
    const secret = 'p@ss w/rd+42?';
    const redaction = new Redaction();
    redaction.add(secret);
    expect(redaction.apply(`before ${form(secret)} after`)).toMatch(/^before \*{8}=* after$/);
  });
});

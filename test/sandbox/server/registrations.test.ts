import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ServerHarness, type Answer, type Json } from './harness.ts';

let server: ServerHarness;
beforeAll(async () => {
  server = await ServerHarness.create();
  await server.start();
});
afterAll(() => server.dispose());
afterEach(() => server.faults({}));

const [NEW, LATER] = ['C'.repeat(40), 'D'.repeat(40)];
const get = async (name: string): Promise<Json> => (await server.get(`/api/Spaces-1/machines?name=${name}`)).body.Items[0];
/** The whole body of the GET, with another thumbprint, as octopus-rest.md 5.4 says. */
const withThumbprint = (machine: Json, Thumbprint: string, more: object = {}) => ({ ...machine, MachineId: machine.Id, Thumbprint, Endpoint: { ...machine.Endpoint, Thumbprint }, ...more });
const put = (machine: Json, Thumbprint: string, more: object = {}): Promise<Answer> => server.call('PUT', `/api/Spaces-1/machines/${machine.Id}`, withThumbprint(machine, Thumbprint, more));
const events = (name: string) => server.truth().filter(({ event }) => event === name);

describe('A registration that is written by PUT', () => {
  test('carries the version that it was read with: a stale one is refused, and a fresh GET goes on', async () => {
    const read = await get('web-01');
    const first = await put(read, NEW);
    expect(first).toMatchObject({ status: 200, body: { Version: read.Version + 1, Thumbprint: NEW, Endpoint: { Thumbprint: NEW, CertificateSignatureAlgorithm: 'sha256RSA' } } });
    const stale = await put(read, LATER);
    expect(stale).toMatchObject({ status: 400, body: { ErrorMessage: 'There was a problem with your request.', Errors: [expect.stringContaining('another user has made changes')] } });
    expect((await get('web-01')).Thumbprint).toBe(NEW);
    expect((await put(await get('web-01'), read.Thumbprint)).status).toBe(200);
    // A client that does not know of versions overwrites.
    expect((await put(await get('web-01'), read.Thumbprint, { Version: undefined })).status).toBe(200);
    expect(events('registration-changed').slice(-2)).toMatchObject([{ registration: read.Id, name: 'web-01', from: read.Thumbprint, to: NEW }, { from: NEW, to: read.Thumbprint }]);
  });

  test('is whole: what the body leaves out is refused, or gone', async () => {
    const read = await get('web-01');
    const errors = async (more: object) => (await put(read, NEW, more)).body.Errors.join(' ');
    expect(await errors({ MachineId: undefined })).toContain('MachineId');
    expect(await errors({ SpaceId: undefined })).toContain('SpaceId');
    expect(await errors({ Endpoint: undefined })).toContain('Endpoint');
    expect(await errors({ Roles: undefined })).toContain('Roles');
    const disabled = (await put(read, read.Thumbprint, { IsDisabled: true })).body;
    expect([disabled.IsDisabled, (await put(disabled, read.Thumbprint, { IsDisabled: undefined })).body.IsDisabled]).toEqual([true, false]);
  });

  test('is stale when somebody else saved or renamed it right before, and only once', async () => {
    for (const change of ['saved', 'renamed'] as const) {
      const read = await get('worker-01') ?? (await server.get('/api/Spaces-1/workers?partialName=worker-01')).body.Items[0];
      const save = (worker: Json) => server.call('PUT', `/api/Spaces-1/workers/${worker.Id}`, withThumbprint(worker, NEW));
      server.faults({ meanwhile: { change, count: 1 } });
      expect((await save(read)).body.Errors[0]).toContain('another user has made changes');
      const again = (await server.get(`/api/Spaces-1/workers/${read.Id}`)).body;
      expect(again.Name).toBe(change === 'renamed' ? `${read.Name}-renamed` : read.Name);
      expect((await save(again)).status).toBe(200);
    }
  });

  test('is not found when it was deleted right before; registered again it has another id', async () => {
    const read = (await server.get('/api/Spaces-2/machines')).body.Items[0];
    const path = `/api/Spaces-2/machines/${read.Id}`;
    server.faults({ meanwhile: { change: 'registeredAgain', match: `/${read.Id}$` } });
    expect((await server.call('PUT', path, withThumbprint(read, NEW))).status).toBe(404);
    const [again] = (await server.get('/api/Spaces-2/machines')).body.Items;
    expect([again.Name, again.Thumbprint, again.Id === read.Id, again.Endpoint.CertificateSignatureAlgorithm]).toEqual([read.Name, read.Thumbprint, false, null]);
    server.faults({ meanwhile: { change: 'deleted' } });
    expect((await server.call('PUT', `/api/Spaces-2/machines/${again.Id}`, withThumbprint(again, NEW))).status).toBe(404);
    expect((await server.get('/api/Spaces-2/machines')).body.Items).toEqual([]);
    expect(events('registration-deleted').map(({ registration }) => registration)).toEqual([read.Id, again.Id]);
  });

  test('is refused with 403 or 503, or its answer is lost, by switches that leave reading alone', async () => {
    const read = await get('legacy-01');
    const only = { method: 'PUT', match: `/machines/${read.Id}$`, count: 1 };
    server.faults({ forbidden: only });
    expect(await put(read, NEW)).toMatchObject({ status: 403, body: { ErrorMessage: expect.stringContaining('Missing permission: MachineEdit') } });
    server.faults({ unavailable: only });
    expect((await get('legacy-01')).Version).toBe(read.Version);
    expect((await put(read, NEW)).status).toBe(503);
    expect((await get('legacy-01')).Thumbprint).toBe(read.Thumbprint);
    server.faults({ dropConnections: { ...only, after: true } });
    await expect(put(read, NEW)).rejects.toThrow();
    expect((await get('legacy-01')).Thumbprint).toBe(NEW);
  });
});

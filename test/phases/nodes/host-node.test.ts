import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPfx } from '../../../src/certificates/pfx.ts';
import { hostNode } from '../../../src/phases/host-node.ts';
import { createNetwork } from '../../../src/runners/ports/network.ts';
import { systemProcesses } from '../../../src/runners/ports/processes.ts';
import { octopusServer } from '../../../src/server/command-line.ts';
import { NEW, OLD } from '../../support/estate-pieces.ts';
import { Listener } from '../../tentacle/fakes/listener.ts';

const golden = join(import.meta.dirname, '..', '..', 'conformance', 'fixtures', 'certificates', 'A.pfx');
let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'host-node-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A node whose database shows OLD and whose listener is at `port`; it notes when its service is commanded. */
function node(port: number) {
  const executable = join(folder, 'Octopus.Server');
  writeFileSync(executable, `#!/bin/sh\ncase "$1" in\nshow-thumbprint) echo ${OLD};;\nshow-configuration) echo '{"Octopus.Communications.ServicesPort": "${port}"}';;\nservice) echo "$@" >>'${join(folder, 'service')}';;\nesac\n`, { mode: 0o755 });
  return hostNode({ network: createNetwork() }, { id: 'OctopusServerNodes-1', name: 'NODE1' }, octopusServer(systemProcesses, executable));
}
const commanded = () => (existsSync(join(folder, 'service')) ? readFileSync(join(folder, 'service'), 'utf8') : '');

describe('the host\'s own node', () => {
  it('A15: shows what it presents and what its database shows as two things', async () => {
    const { identity, facts } = await openPfx(readFileSync(golden), '', golden);
    const listener = await Listener.start({ key: identity.keyPem, cert: identity.certificatePem }, []);
    try {
      expect(await node(listener.port).look()).toEqual({ presents: facts.thumbprint, database: OLD, text: '' });
    } finally {
      await listener.stop();
    }
  });

  it('rule 20: that does not answer presents something unknown, with the reason', async () => {
    const look = await node(1).look();
    expect(look).toMatchObject({ presents: null, database: OLD });
    expect(look.text).not.toBe('');
  });

  it('rule 10: is not restarted while the database shows another certificate than the expected one', async () => {
    await expect(node(1).restart(NEW)).rejects.toMatchObject({ code: 'IMPORT_NOT_EXPECTED' });
    expect(commanded()).toBe('');
    await node(1).restart(OLD);
    expect(commanded()).toContain('--stop --start');
  });
});

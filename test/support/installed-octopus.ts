import { serverAccess } from '../../src/cli/runs/server-access.ts';
import type { Entry } from '../../src/journal/contract.ts';
import { journalLines, rotationIds, type Installed } from './rotation.ts';
import type { TestSandbox } from './sandbox.ts';

/** An embedded Octopus with this product installed, and the rotation that was opened last. */
export class InstalledOctopus {
  protected constructor(readonly sandbox: TestSandbox, public installed: Installed) {}

  get client() {
    return serverAccess(this.sandbox.line.url, this.sandbox.line.apiKey).client;
  }

  /** The rotation opened last. */
  get rotationId(): string {
    return rotationIds(this.installed.stateFolder).at(-1)!;
  }

  /** Its journal as it is now, whole lines only. */
  journal(): Entry[] {
    return rotationIds(this.installed.stateFolder).length === 0 ? [] : journalLines(this.installed.stateFolder, this.rotationId);
  }
}

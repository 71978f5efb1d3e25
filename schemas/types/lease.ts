// Generated from schemas/lease.schema.json by `npm run schemas`. Change the schema, not this file.

/**
 * Who rotates: the value of the variable Rotation.Lease in the library set "Octopus Rotation lease" (src/journal/contract.ts).
 */
export interface Lease {
  format: 1;
  rotation: 'server-certificate' | 'tentacle-certificates';
  rotationId: string;
  host: string;
  stateFolder: string;
  fence: number;
  entries: number;
  holder: {
    runner: 'runbook' | 'relay' | 'terminal';
    taskId: string | null;
    process: null | {
      pid: number;
      started: string;
      boot: string;
    };
  };
  openedAt: string;
  heldSince: string;
}

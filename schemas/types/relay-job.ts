// Generated from schemas/relay-job.schema.json by `npm run schemas`. Change the schema, not this file.

/**
 * What the relay is told. Lives in the state folder with mode 0600 and is deleted at its end: it holds secrets.
 */
export interface RelayJob {
  format: 1;
  kind: 'check' | 'swap' | 'roll-back' | 'own-certificate' | 'finish' | 'node';
  rotationId: string;
  /**
   * The relay's own folder.
   */
  folder: string;
  stateFolder: string;
  /**
   * SHA-256 of the relay's program; it refuses to run as another one.
   */
  relaySha256: string;
  serverUrl: string;
  apiKey: string;
  secret: string;
  /**
   * The run that hands over; the relay waits for its end.
   */
  taskId: string;
  spaceId: string;
  projectName: string;
  runbookName: string;
  environmentName: string;
  snapshotName: string;
  octopusServer: string;
  restartCommand: string | null;
  localTentacle: {
    executable: string;
    instance: string;
    home: string;
  };
  /**
   * Environment for scripts that are run on this machine.
   */
  environment: {
    [k: string]: string;
  };
  /**
   * Only in a job of kind node: the server node whose service this relay may restart when the one that leads asks for it.
   */
  node?: {
    /**
     * As Octopus names the node's resource.
     */
    id: string;
    name: string;
    /**
     * Where polling Tentacles connect to; the certificate in force is shown there.
     */
    port: number;
    /**
     * Names and addresses of the machine.
     */
    addresses: string[];
    /**
     * Fence of the lease when it was prepared; nothing older counts.
     */
    fence: number;
    sharedFolder: string | null;
  };
}

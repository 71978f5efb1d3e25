// Generated from schemas/estate.schema.json by `npm run schemas`. Change the schema, not this file.

/**
 * An Octopus installation described as data. What a sandbox is made from. Holds no secrets.
 */
export interface Estate {
  name: string;
  description?: string;
  /**
   * What the pauses and time-outs of polling are divided by, so that a rehearsal is short. 1 = as the real ones.
   */
  pollingPauseFactor?: number;
  server: {
    version: string;
    /**
     * @minItems 1
     */
    nodes: [
      {
        name: string;
        /**
         * The machine of this estate that Octopus Server runs on.
         */
        machine: string;
        /**
         * When another version is installed on this node than the others have.
         */
        version?: string;
      },
      ...{
        name: string;
        /**
         * The machine of this estate that Octopus Server runs on.
         */
        machine: string;
        /**
         * When another version is installed on this node than the others have.
         */
        version?: string;
      }[]
    ];
    /**
     * A load balancer before the portals of the nodes, on a machine of its own that has no Tentacle.
     */
    loadBalancer?: {
      /**
       * The name of its machine; no other machine has it.
       */
      machine: string;
    };
    /**
     * After how long without a sign of life a node counts as offline. It gives one six times as often.
     */
    offlineAfterSeconds?: number;
  };
  /**
   * The first one is the default space.
   *
   * @minItems 1
   */
  spaces: [
    {
      name: string;
      /**
       * @minItems 1
       */
      environments: [string, ...string[]];
      workerPools?: string[];
    },
    ...{
      name: string;
      /**
       * @minItems 1
       */
      environments: [string, ...string[]];
      workerPools?: string[];
    }[]
  ];
  machines: {
    /**
     * The machine's own name; a registration may carry another.
     */
    name: string;
    /**
     * A Windows machine runs its scripts in PowerShell, so it needs a pwsh where the sandbox is.
     */
    platform?: 'linux' | 'windows';
    mode?: 'listening' | 'polling';
    /**
     * For a polling Tentacle: whether it listens on no port. True when absent.
     */
    noListen?: boolean;
    state?: 'on' | 'off';
    /**
     * 3.x is too old for new-certificate --export-pfx.
     */
    tentacleVersion?: string;
    /**
     * What differs in the Tentacle's own certificate from one that Octopus makes today.
     */
    ownCertificate?: {
      signatureAlgorithm?: 'sha256RSA' | 'sha1RSA';
      /**
       * Valid from the day before, for 100 years.
       */
      madeOn?: string;
      validTo?: string;
    };
    /**
     * The machine whose disk this one was copied from: it has the same certificate.
     */
    cloneOf?: string;
    /**
     * Thumbprints of other Octopus Servers that this Tentacle trusts too.
     */
    foreignTrust?: string[];
    /**
     * @minItems 1
     */
    registrations: [
      {
        space: string;
        as: 'target' | 'worker';
        name?: string;
        roles?: string[];
        environments?: string[];
        workerPools?: string[];
        disabled?: boolean;
      },
      ...{
        space: string;
        as: 'target' | 'worker';
        name?: string;
        roles?: string[];
        environments?: string[];
        workerPools?: string[];
        disabled?: boolean;
      }[]
    ];
  }[];
  /**
   * Registrations that have no Tentacle certificate.
   */
  otherEndpoints?: {
    space: string;
    name: string;
    style: 'None' | 'Ssh' | 'OfflineDrop' | 'AzureWebApp' | 'Kubernetes';
    roles?: string[];
    environments?: string[];
  }[];
}

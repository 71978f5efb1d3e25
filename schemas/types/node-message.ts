// Generated from schemas/node-message.schema.json by `npm run schemas`. Change the schema, not this file.

/**
 * The relay that leads, or the key of a node.
 */
export type Party = string;
export type Thumbprint = string;

/**
 * One message between the relay that leads and the relay of another server node, carried by Octopus and by the nodes' shared folder (src/mailbox).
 */
export interface NodeMessage {
  format: 1;
  rotationId: string;
  /**
   * Fence of the lease that the writer works under.
   */
  fence: number;
  from: Party;
  to: Party;
  /**
   * Rises with each message of the writer under one fence.
   */
  sequence: number;
  /**
   * For people; nothing is decided by it.
   */
  at: string;
  body:
    | {
        kind: 'command';
        command: 'look' | 'restart' | 'start' | 'dismiss';
        /**
         * What the database must show before a restart.
         */
        expected: Thumbprint | null;
      }
    | {
        kind: 'answer';
        /**
         * The command that is answered.
         */
        answers: {
          fence: number;
          sequence: number;
        };
        outcome: 'done' | 'interrupted' | 'refused';
        /**
         * What the node's own listener for Tentacles shows.
         */
        presents: Thumbprint | null;
        /**
         * What the database shows to that node.
         */
        database: Thumbprint | null;
        text: string;
        refusal: null | {
          code: string;
          message: string;
          safe: string;
          next: string;
        };
        /**
         * Who answers, and where Tentacles reach it.
         */
        node: {
          name: string;
          port: number;
          addresses: string[];
          relaySha256: string;
        };
      };
  /**
   * HMAC-SHA256 over the canonical form of everything else.
   */
  mac: string;
}

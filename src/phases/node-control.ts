import type { Thumbprint } from '../certificates/thumbprint.ts';

/** What was seen of one server node at its own address, not behind a load balancer (rule 8). null: it could not be seen, which is unknown and never "no". */
export interface NodeLook {
  /** What the node's own listener for Tentacles presents on a new connection. */
  presents: Thumbprint | null;
  /** What the database shows to `Octopus.Server show-thumbprint` on that node. */
  database: Thumbprint | null;
  /** One sentence for people when something is null. */
  text: string;
}

/**
 * One server node in the hands of the relay that leads. The host's own is worked by its command line; every other one by its own relay,
 * asked through Octopus or the shared folder. What does not answer in time throws NODE_UNKNOWN: whether it was done is to be looked at.
 */
export interface NodeControl {
  /** As Octopus names the node's resource. */
  readonly id: string;
  readonly name: string;
  readonly isHost: boolean;
  look(): Promise<NodeLook>;
  /** Stops and starts the node's service, provided that the database shows `expected` to that node; refuses otherwise. Doing it twice does no harm. */
  restart(expected: Thumbprint): Promise<void>;
  /** Starts the node's service if it is stopped. */
  start(): Promise<void>;
  /** The rotation is over: the node's relay removes its unit and its job. Does nothing on the host, and nothing the second time. */
  dismiss(): Promise<void>;
}

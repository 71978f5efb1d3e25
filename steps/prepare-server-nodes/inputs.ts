import type { RotationInputs } from '../common-inputs.ts';

/** Inputs of Prepare server nodes. Runs on every machine that has a server node, the host among them. */
export default interface PrepareServerNodesInputs extends RotationInputs {
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
  /** Command line that restarts Octopus Server, where its own service command cannot. */
  RestartCommand?: string;
  /** Folder that all server nodes share, as each of them sees it, when the configuration of Octopus Server does not say it. */
  SharedFolder?: string;
  /** Further addresses by which polling Tentacles know the nodes: NODE=host:port, separated by commas or line ends. */
  NodeAddresses?: string;
}

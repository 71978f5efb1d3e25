import type { NewCertificateInputs } from '../common-inputs.ts';

/** Inputs of Replace server certificate. */
export default interface ReplaceServerCertificateInputs extends NewCertificateInputs {
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
  /** Command line that restarts Octopus Server, where its own service command cannot. */
  RestartCommand?: string;
}

import type { RotationInputs } from '../common-inputs.ts';

/** Inputs of Generate server certificate. */
export default interface GenerateServerCertificateInputs extends RotationInputs {
  /** Who makes the certificate: Octopus Server's own command, or this step. */
  CertificateMaker: 'octopus-server' | 'built-in';
  /** Length of the RSA key when this step makes the certificate. */
  KeyBits: '2048' | '3072' | '4096';
  /**
   * How long the certificate lasts when this step makes it.
   * @minimum 1
   * @maximum 100
   */
  LifetimeYears: number;
  /** Path of Octopus.Server when it is not found by itself. */
  OctopusServer?: string;
}

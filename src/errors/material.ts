import { printable } from './printable.ts';
import { catalogue } from './refusal.ts';

/** Refusals about the PFX files of a rotation. */
export const materialErrors = catalogue({
  PFX_MISSING: (values: { path: string; thumbprint: string }) => ({
    message: `The PFX of certificate ${values.thumbprint} is not where the rotation put it: ${printable(values.path)}.`,
    safe: 'Nothing was changed by this step.',
    next: 'Put the file back from a backup of the state folder. If it is lost for good and the certificate was not swapped, the rotation must be abandoned and begun anew.',
  }),
  PFX_UNPROTECTED: (values: { path: string }) => ({
    message: `${printable(values.path)} carries no MAC, so it may have been changed by anybody.`,
    safe: 'It was not used.',
    next: 'Find out who wrote the file; then remove it and run the runbook again.',
  }),
  PFX_OTHER_CERTIFICATE: (values: { path: string; expected: string; found: string }) => ({
    message: `${printable(values.path)} holds certificate ${values.found}, not ${values.expected}.`,
    safe: 'It was not used.',
    next: 'Find out who wrote the file; then remove it and run the runbook again.',
  }),
  BACKUP_NOT_OLD: (values: { exported: string; old: string }) => ({
    message: `The certificate exported from Octopus Server is ${values.exported}; the one in force is ${values.old}.`,
    safe: 'Nothing was changed.',
    next: 'A certificate was imported and the server not restarted since, or another instance was exported. Restart Octopus Server, then run the runbook again.',
  }),
  NEW_CERTIFICATE_UNFIT: (values: { thumbprint: string; findings: string[] }) => ({
    message: `The new certificate ${values.thumbprint} is not fit: ${values.findings.map((one) => printable(one)).join('; ')}.`,
    safe: 'It is used nowhere; the old certificate is in force.',
    next: 'Update Octopus Server to a version that makes RSA certificates signed with SHA-256, then run the runbook again.',
    failureMode: 'A20',
  }),
  NEW_IS_OLD: (values: { thumbprint: string }) => ({
    message: `Octopus Server made certificate ${values.thumbprint}, which is the old one.`,
    safe: 'Nothing was changed.',
    next: 'Run the runbook again; if it happens twice, report it.',
  }),
  PRINTED_DIFFERS: (values: { printed: string; found: string }) => ({
    message: `Octopus.Server printed thumbprint ${values.printed} for the new certificate, but the file holds ${values.found}.`,
    safe: 'It is used nowhere.',
    next: 'Run the runbook again; if it happens twice, report it.',
  }),
});

/** The rotation of the server certificate: its phases in order, what each may change, and which of them interrupts the server (DESIGN.md section 5). */
export const serverCertificate = {
  name: 'server-certificate',
  phases: [
    { phase: 'plan-server-certificate', changes: 'nothing', interrupts: false },
    { phase: 'prepare-server-nodes', changes: 'state folder', interrupts: false },
    { phase: 'back-up-server-certificate', changes: 'state folder', interrupts: false },
    { phase: 'generate-server-certificate', changes: 'state folder', interrupts: false },
    { phase: 'trust-server-certificate', changes: 'Tentacle trust', interrupts: false },
    { phase: 'prove-server-certificate-trust', changes: 'nothing', interrupts: false },
    { phase: 'replace-server-certificate', changes: 'server certificate', interrupts: true },
    { phase: 'check-health', changes: 'nothing', interrupts: false },
    { phase: 'retire-server-certificate', changes: 'Tentacle trust', interrupts: false },
    { phase: 'check-health', changes: 'nothing', interrupts: false },
    { phase: 'verify-server-certificate', changes: 'nothing', interrupts: false },
    { phase: 'report-rotation', changes: 'nothing', interrupts: false },
  ],
} as const;

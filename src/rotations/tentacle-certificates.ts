/** The rotation of the Tentacles' own certificates: its phases in order, what each may change, and which of them interrupts the server (DESIGN.md section 5). */
export const tentacleCertificates = {
  name: 'tentacle-certificates',
  phases: [
    { phase: 'plan-tentacle-certificates', changes: 'nothing', interrupts: false },
    // The host's own Tentacle runs the step, so the last of them is exchanged by the relay, between two runs.
    { phase: 'regenerate-tentacle-certificates', changes: 'Tentacle certificates and their registrations', interrupts: false },
    { phase: 'check-health', changes: 'nothing', interrupts: false },
    { phase: 'verify-tentacle-certificates', changes: 'nothing', interrupts: false },
    { phase: 'report-rotation', changes: 'nothing', interrupts: false },
  ],
} as const;

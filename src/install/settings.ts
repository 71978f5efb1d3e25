/** What a person may set, by the variable's name after `Rotation.`; the value is the one that a first installation gives. */
export const SETTINGS = {
  StateFolder: { value: '/var/lib/octopus-rotation', about: 'Folder on the host that holds the journal and the PFX files.' },
  OctopusServer: { value: '', about: 'Path of the Octopus.Server executable on the host, when it is not found by itself.' },
  RestartCommand: { value: '', about: 'Command that restarts Octopus Server on the host, where its own service command cannot.' },
  OfflineMachines: { value: 'refuse', about: 'Machines that are off or disabled before the swap: refuse, or leave-behind (each with the command that mends it).' },
  EnableDisabled: { value: 'False', about: 'Enable disabled machines for the tasks that change them, and disable them again: True or False.' },
  PollingRoute: { value: 'twin', about: 'How polling Tentacles are brought over: twin (an entry for the new certificate beside each old one) or update-trust.' },
  WaveBy: { value: 'size', about: 'In which groups machines are changed: size or environment.' },
  WaveSize: { value: '50', about: 'Machines in one wave, for waves by size.' },
  Canaries: { value: '1', about: 'Machines changed first, alone, before any wave starts.' },
  AtOnce: { value: '25', about: 'Machines changed at once within a wave.' },
  StopAfterFailures: { value: '2', about: 'After more failed machines than this no further wave starts.' },
  GraceHours: { value: '0', about: 'How long both certificates stay trusted after the swap, in hours.' },
  CertificateMaker: { value: 'octopus-server', about: "Who makes the new certificate: octopus-server (its own command) or built-in." },
  KeyBits: { value: '2048', about: 'Length of the RSA key of a built-in certificate: 2048, 3072 or 4096.' },
  LifetimeYears: { value: '100', about: 'How many years a built-in certificate lasts; Octopus itself takes 100.' },
  MaximumAgeDays: { value: '365', about: 'A certificate older than this is due.' },
  ExpiresWithinDays: { value: '60', about: 'A certificate that expires within so many days is due.' },
  DrainLimitMinutes: { value: '30', about: 'How long running tasks may take to end before the server is restarted.' },
  RestartWatchSeconds: { value: '150', about: 'How long a restarted Tentacle is watched before its old trust list is put back.' },
  Waivers: { value: '', about: 'Machines that may stay behind: a JSON array of {machine, by, reason, until}.' },
} as const;
export type Setting = keyof typeof SETTINGS;

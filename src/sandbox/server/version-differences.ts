import type { Command } from './cli/command.ts';

/**
 * What a server of an older or newer version does differently, as far as the reference names it and the sandbox simulates it: running by name
 * (octopus-rest.md 6.2), `/api/capabilities` (3.2), limits of requests (10.1; new installations since 2026.3, 200 a minute at most 200 at once,
 * counted for each user and node), `--type` of the certificate commands (octopus-server-cli.md section 3), the size of a new master key (section 7).
 */
export interface VersionDifferences { runsByName: boolean; tellsCapabilities: boolean; limitsRequests: boolean; hasCertificateTypes: boolean; masterKeyBytes: 16 | 32 }

export function differencesOf(version: string): VersionDifferences {
  return {
    runsByName: isAtLeast(version, 2022, 3, 5512),
    tellsCapabilities: isAtLeast(version, 2022, 3),
    limitsRequests: isAtLeast(version, 2026, 3),
    hasCertificateTypes: isAtLeast(version, 2025, 4),
    masterKeyBytes: isAtLeast(version, 2024, 4) ? 32 : 16,
  };
}

/** The options of a command in this version. */
export function optionsIn(version: string, command: Command): Command['options'] {
  return differencesOf(version).hasCertificateTypes ? command.options : Object.fromEntries(Object.entries(command.options).filter(([name]) => name !== 'type'));
}

function isAtLeast(version: string, ...least: number[]): boolean {
  const own = version.split('.').map(Number);
  const at = least.findIndex((part, index) => (own[index] ?? 0) !== part);
  return at === -1 || (own[at] ?? 0) > least[at]!;
}

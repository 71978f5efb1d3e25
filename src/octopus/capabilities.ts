import { octopusErrors } from '../errors/octopus.ts';
import type { Http } from './http.ts';
import { isAtLeast, readAbout, readTaskTypes } from './server.ts';

/** The oldest server that this program has been tried against. */
export const OLDEST_VERSION = '2019.13';

const TRUST_TASKS = ['TentacleAddTrust', 'TentacleRemoveTrust'] as const;
export type TrustTask = (typeof TRUST_TASKS)[number];

/** What a server can do by its version. */
export interface VersionCapabilities {
  version: string;
  /** Runs a runbook by the names of things (octopus-rest.md 6.2); before, by their ids (6.3). */
  runsByName: boolean;
  /** Has a second certificate, for gRPC (octopus-server-cli.md section 6). */
  hasGrpcCertificate: boolean;
  /** May refuse requests above a limit that counts per account (octopus-rest.md 10.1). */
  limitsRequests: boolean;
}

/** What a server can do, decided in one place from its version and its list of tasks. */
export interface Capabilities extends VersionCapabilities {
  /** Which of the documents' own tasks it lists (A29). */
  trustTasks: readonly TrustTask[];
  /** Whether it lists TentacleRegenerateCertificate. */
  regenerates: boolean;
}

/** Pure. OCTOPUS_TOO_OLD for a version below the oldest, and for one that is no version at all. */
export function capabilitiesOfVersion(version: string): VersionCapabilities {
  if (!isAtLeast(version, OLDEST_VERSION)) throw octopusErrors.OCTOPUS_TOO_OLD({ version, oldest: OLDEST_VERSION });
  return {
    version,
    runsByName: isAtLeast(version, '2022.3.5512'),
    hasGrpcCertificate: isAtLeast(version, '2025.4'),
    limitsRequests: isAtLeast(version, '2026.3'),
  };
}

export function capabilitiesOf(version: string, taskTypes: readonly string[]): Capabilities {
  return { ...capabilitiesOfVersion(version), trustTasks: TRUST_TASKS.filter((name) => taskTypes.includes(name)), regenerates: taskTypes.includes('TentacleRegenerateCertificate') };
}

export async function readCapabilities(http: Http): Promise<Capabilities> {
  const [{ version }, taskTypes] = await Promise.all([readAbout(http), readTaskTypes(http)]);
  return capabilitiesOf(version, taskTypes);
}

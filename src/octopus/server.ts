import { parseThumbprint } from '../certificates/thumbprint.ts';
import type { ServerAbout, ServerCertificate } from './contract.ts';
import type { Http } from './http.ts';
import { either, filledText, list, mapped, object, text } from './reader.ts';

/** Version and installation id (octopus-rest.md 3.1). */
export async function readAbout(http: Http): Promise<ServerAbout> {
  const about = await http.get('/api', object({ Version: filledText, InstallationId: filledText }));
  return { version: about.Version, installationId: about.InstallationId };
}

/** The certificate of the server's communications, as the database shows it (octopus-rest.md 3.5). */
export async function readCertificate(http: Http): Promise<ServerCertificate> {
  const found = await http.get('/api/configuration/certificates/certificate-global', object({ Thumbprint: mapped(text, parseThumbprint), SignatureAlgorithm: either(text, '') }));
  return { thumbprint: found.Thumbprint, signatureAlgorithm: found.SignatureAlgorithm };
}

/** Names of the tasks that this server can run; the only real list (octopus-rest.md 4.4). */
export async function readTaskTypes(http: Http): Promise<string[]> {
  // Ids are the names that POST /tasks takes; the portal's names are for people.
  const types = await http.get('/api/tasks/tasktypes', list(object({ Id: filledText })));
  return types.map((type) => type.Id);
}

/** True when `version` is `least` or later; numbers are compared, a pre-release counts as its release. */
export function isAtLeast(version: string, least: string): boolean {
  const numbers = (value: string): number[] => value.split(/[-+]/)[0]!.split('.').map(Number);
  const [have, want] = [numbers(version), numbers(least)];
  for (let index = 0; index < want.length; index += 1) {
    const difference = (have[index] ?? 0) - want[index]!;
    if (Number.isNaN(difference)) return false;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

import { parseThumbprint, type Thumbprint } from '../certificates/thumbprint.ts';
import { segment } from './address.ts';
import { octopusErrors } from '../errors/octopus.ts';
import type { Registration } from './contract.ts';
import { failedWith } from './failure.ts';
import type { Http } from './http.ts';
import { allItems } from './pages.ts';
import { document, either, filledText, flag, list, mapped, maybe, object, oneOf, text, type Document, type Reader } from './reader.ts';

const texts = either(list(text), []);
const version = maybe(object({ Version: maybe(text) }));
const agent = maybe(object({ TentacleVersion: maybe(text) }));
/** Where address and thumbprint are: on the endpoint itself, for the Kubernetes agent one level below (octopus-rest.md 5.3). */
const place = { Uri: maybe(text), Thumbprint: maybe(text), ProxyId: maybe(text), CertificateSignatureAlgorithm: maybe(text) };
const endpoint = object({ CommunicationStyle: filledText, ...place, TentacleVersionDetails: version, TentacleEndpointConfiguration: maybe(object(place)), KubernetesAgentDetails: agent });
const machine = object({
  Id: filledText, SpaceId: maybe(text), Name: filledText, IsDisabled: flag,
  HealthStatus: either(oneOf('Healthy', 'HasWarnings', 'Unhealthy', 'Unavailable', 'Unknown'), 'Unknown'),
  StatusSummary: either(text, ''), ShellName: maybe(text), Roles: texts, EnvironmentIds: texts, WorkerPoolIds: texts, Endpoint: endpoint,
});
type Machine = ReturnType<typeof machine>;

/** Every target and worker of a space (octopus-rest.md 5). */
export async function readRegistrations(http: Http, spaceId: string): Promise<Registration[]> {
  const space = segment(spaceId);
  const read = async (kind: Registration['kind'], path: string): Promise<Registration[]> =>
    (await allItems(http, `/api/${space}/${path}`, machine as Reader<Machine>, (each) => each.Id)).map((each) => registration(each, kind, spaceId));
  const [targets, workers] = await Promise.all([read('target', 'machines'), read('worker', 'workers')]);
  return [...targets, ...workers];
}

type Named = Pick<Registration, 'id' | 'kind' | 'spaceId'>;
const pathOf = ({ id, kind, spaceId }: Named): string => `/api/${segment(spaceId)}/${kind === 'target' ? 'machines' : 'workers'}/${segment(id)}`;

/** One registration; null when it is gone. */
export async function readRegistration(http: Http, named: Named): Promise<Registration | null> {
  try {
    return registration(await http.get(pathOf(named), machine as Reader<Machine>), named.kind, named.spaceId);
  } catch (error) {
    if (failedWith(error, 'OCTOPUS_NOT_FOUND')) return null;
    throw error;
  }
}

/** So often a body that somebody made stale is read anew. */
const STALE_TRIES = 4;

/**
 * The registration expects `thumbprint` from now on. Octopus keeps it in the endpoint (for a Kubernetes agent one level below), with a legacy copy
 * at the top (octopus-rest.md 5.2, 5.4). False: it did so already. A refusal is judged by what is there afterwards, never by its words.
 */
export async function setThumbprint(http: Http, named: Named, thumbprint: Thumbprint, known: readonly Thumbprint[]): Promise<boolean> {
  const path = pathOf(named);
  let changed = false;
  for (let tries = 1; ; tries++) {
    const { whole, found } = await http.get(path, mapped(document, (body) => ({ whole: body, found: registration(machine(body, 'the answer'), named.kind, named.spaceId) })));
    if (found.thumbprint === thumbprint) return changed;
    if (found.thumbprint === null || !known.includes(found.thumbprint)) throw octopusErrors.REGISTRATION_FOREIGN({ name: found.name, found: found.thumbprint ?? found.thumbprintText ?? 'none', known: [...known] });
    try {
      await http.send('PUT', path, document, { body: { ...withThumbprint(whole, thumbprint), ...(named.kind === 'target' ? { MachineId: named.id } : {}) }, repeatable: 'safe' });
      return true;
    } catch (error) {
      // Stale, or refused for good: the next look tells which one it was.
      if (!failedWith(error, 'OCTOPUS_REJECTED', 'OCTOPUS_UNREACHABLE', 'OCTOPUS_FAILED', 'OCTOPUS_STARTING') || tries === STALE_TRIES) throw error;
      changed = true;
      await http.clock.sleep(STALE_PAUSE_MS);
    }
  }
}

const STALE_PAUSE_MS = 250;

function withThumbprint(whole: Document, thumbprint: Thumbprint): Document {
  const endpointOf = whole['Endpoint'] as Document;
  const below = endpointOf['TentacleEndpointConfiguration'];
  const changed = typeof below === 'object' && below !== null ? { ...endpointOf, TentacleEndpointConfiguration: { ...below, Thumbprint: thumbprint } } : { ...endpointOf, Thumbprint: thumbprint };
  return { ...whole, Endpoint: changed, ...('Thumbprint' in whole ? { Thumbprint: thumbprint } : {}) };
}

/** Writes nothing when it is so already; the whole body goes back with one member changed (octopus-rest.md 5.1), so that a repetition does no harm. */
export async function setDisabled(http: Http, { id, kind, spaceId }: Pick<Registration, 'id' | 'kind' | 'spaceId'>, disabled: boolean): Promise<void> {
  const path = pathOf({ id, kind, spaceId });
  const found = await http.get(path, mapped(document, (whole) => ({ whole, isDisabled: object({ IsDisabled: flag })(whole, 'the answer').IsDisabled })));
  if (found.isDisabled === disabled) return;
  const named = kind === 'target' ? { MachineId: id } : {};
  await http.send('PUT', path, object({ IsDisabled: flag }), { body: { ...found.whole, ...named, IsDisabled: disabled }, repeatable: 'safe' });
}

function registration(machine: Machine, kind: Registration['kind'], spaceId: string): Registration {
  const { Endpoint } = machine;
  const at = Endpoint.TentacleEndpointConfiguration ?? Endpoint;
  const written = filled(at.Thumbprint);
  const thumbprint = written === null ? null : normalised(written);
  return {
    id: machine.Id,
    kind,
    spaceId: filled(machine.SpaceId) ?? spaceId,
    name: machine.Name,
    isDisabled: machine.IsDisabled,
    healthStatus: machine.HealthStatus,
    statusSummary: machine.StatusSummary,
    style: Endpoint.CommunicationStyle,
    uri: filled(at.Uri),
    thumbprint,
    thumbprintText: thumbprint === null ? written : null,
    proxyId: filled(at.ProxyId),
    // A machine that was never checked in full.
    shell: machine.ShellName === 'Unknown' ? null : filled(machine.ShellName),
    tentacleVersion: filled(Endpoint.TentacleVersionDetails?.Version) ?? filled(Endpoint.KubernetesAgentDetails?.TentacleVersion),
    signatureAlgorithm: filled(at.CertificateSignatureAlgorithm),
    roles: machine.Roles,
    environmentIds: machine.EnvironmentIds,
    workerPoolIds: machine.WorkerPoolIds,
  };
}

const filled = (value: string | null | undefined): string | null => (value === undefined || value === '' ? null : value);

/** A text that is no thumbprint is not an error here: one odd machine must not hide the others. The phase decides. */
function normalised(written: string): Thumbprint | null {
  try {
    return parseThumbprint(written);
  } catch {
    return null;
  }
}

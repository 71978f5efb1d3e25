import { parseThumbprint, type Thumbprint } from '../certificates/thumbprint.ts';
import { segment } from './address.ts';
import type { Registration } from './contract.ts';
import type { Http } from './http.ts';
import { allItems } from './pages.ts';
import { document, either, filledText, flag, list, mapped, maybe, object, oneOf, text, type Reader } from './reader.ts';

const texts = either(list(text), []);
const version = maybe(object({ Version: maybe(text) }));
const agent = maybe(object({ TentacleVersion: maybe(text) }));
/** Where address and thumbprint are: on the endpoint itself, for the Kubernetes agent one level below (octopus-rest.md 5.3). */
const place = { Uri: maybe(text), Thumbprint: maybe(text), ProxyId: maybe(text) };
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

/** Writes nothing when it is so already; the whole body goes back with one member changed (octopus-rest.md 5.1), so that a repetition does no harm. */
export async function setDisabled(http: Http, { id, kind, spaceId }: Pick<Registration, 'id' | 'kind' | 'spaceId'>, disabled: boolean): Promise<void> {
  const path = `/api/${segment(spaceId)}/${kind === 'target' ? 'machines' : 'workers'}/${segment(id)}`;
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

import type { Registration } from '../octopus/contract.ts';

/** How a machine is rotated, decided from its registration alone. */
export type Route =
  | { route: 'listening' | 'polling'; shell: 'Bash' | 'PowerShell' }
  /** It has no trust in the server certificate, or another one. */
  | { route: 'out-of-scope'; kind: string; reason: string }
  /** It has trust in the server certificate, and this version cannot rotate it: going on would cut it off (A2). */
  | { route: 'unsupported'; kind: string; reason: string }
  /** A Tentacle that Octopus never checked in full: which way it goes shows when it has. Until then as unsupported. */
  | { route: 'unchecked'; kind: string; reason: string };

const NO_TENTACLE: Record<string, string> = {
  None: 'a cloud region runs nothing itself',
  Ssh: 'an SSH target is reached with an SSH key, not with the server certificate',
  OfflineDrop: 'an offline package drop is a folder; nothing connects to it',
  AzureWebApp: 'an Azure web app is reached through Azure',
  AzureCloudService: 'an Azure cloud service is reached through Azure',
  AzureServiceFabricCluster: 'a Service Fabric cluster is reached with a certificate of its own',
  Ftp: 'an FTP target is reached with a password',
  Kubernetes: 'a Kubernetes API target is reached with an account of the cluster',
  StepPackage: 'a target of a step package is reached with an account of its own',
  AwsEcsCluster: 'an ECS cluster is reached through AWS',
};

/** Why the swap does not concern a Tentacle that polls by WebSocket (A13; tentacle-trust.md section 6). Whether one does, its registration rarely shows: its own list does. */
export const WEB_SOCKET = 'it polls by WebSocket, which goes by the certificate of the web portal (HTTPS) and not by the server certificate: the swap neither cuts it off nor changes anything on it (A13)';

/** The route of one registration (DESIGN.md section 5). Pure; unknown kinds are never guessed to be harmless. */
export function routeOf(registration: Pick<Registration, 'style' | 'uri' | 'shell' | 'thumbprint'>): Route {
  const { style, uri, shell, thumbprint } = registration;
  const noTentacle = NO_TENTACLE[style];
  if (noTentacle) return { route: 'out-of-scope', kind: style, reason: noTentacle };
  if (style === 'KubernetesTentacle') return { route: 'unsupported', kind: style, reason: 'a Kubernetes agent keeps its trust in the cluster, and this version does not change it there' };
  if (style !== 'TentaclePassive' && style !== 'TentacleActive') return { route: 'unsupported', kind: style, reason: 'this communication style is not known' };
  const isPolling = style === 'TentacleActive';
  if (isPolling && uri !== null && /^wss:/i.test(uri)) return { route: 'out-of-scope', kind: 'WebSocket', reason: WEB_SOCKET };
  if (!thumbprint || !uri || !(isPolling ? /^poll:\/\//i : /^https:\/\//i).test(uri)) return { route: 'unsupported', kind: style, reason: 'its registration has no address or no certificate thumbprint' };
  if (shell === null || shell === '') return { route: 'unchecked', kind: style, reason: 'its shell is not known yet; a full health check tells it' };
  if (shell !== 'Bash' && shell !== 'PowerShell') return { route: 'unsupported', kind: style, reason: `its shell is ${shell}, and only Bash and PowerShell are served` };
  return { route: isPolling ? 'polling' : 'listening', shell };
}

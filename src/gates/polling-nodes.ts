import { trustErrors } from '../errors/trust.ts';
import type { TrustEntry } from '../tentacle/contract.ts';
import { all, PASS, refuse, type Verdict } from './verdict.ts';

/** A server node with the addresses at which Tentacles may know it, as `host:port` in lower case. */
export interface NodeAddresses { name: string; addresses: readonly string[] }
/** A polling Tentacle and where it polls with the certificate that comes into force, as `host:port` in lower case. */
export interface Polls { name: string; polls: readonly string[] }

/**
 * Make sure that each polling Tentacle polls every node, and nobody else in this server's name (A16): an address that is no node's leads
 * somewhere that was not proved, and a node that nobody polls there is lost to that machine. A single node is polled by whatever name it has.
 * An address that several nodes call their own, as each does with 127.0.0.1, tells none of them.
 */
export function everyNodePolled(known: readonly NodeAddresses[], machines: readonly Polls[]): Verdict {
  if (known.length < 2) return PASS;
  const nodes = known.map((node) => ({ ...node, addresses: node.addresses.filter((one) => known.every((other) => other === node || !other.addresses.includes(one))) }));
  const strange = machines.flatMap(({ name, polls }) => polls.filter((one) => !nodes.some((node) => node.addresses.includes(one))).map((address) => ({ name, reason: address })));
  const missing = machines.flatMap(({ name, polls }) => nodes.filter((node) => !node.addresses.some((one) => polls.includes(one))).map((node) => ({ name, reason: node.name })));
  return all(
    strange.length > 0 ? refuse(trustErrors.POLLED_ADDRESS_UNKNOWN({ machines: strange, known: nodes.map((node) => `${node.name}=${node.addresses[0] ?? '?'}`) })) : PASS,
    missing.length > 0 ? refuse(trustErrors.NODE_NOT_POLLED({ machines: missing })) : PASS,
  );
}

/** Where a list polls this certificate, each address once; an address that is no URL is told as it stands. */
export function polledAddresses(entries: readonly TrustEntry[], thumbprint: string): string[] {
  const polled = entries.filter((entry) => (entry.style === 'TentacleActive' || entry.style === 'KubernetesTentacle') && entry.address !== null && entry.thumbprint.toUpperCase() === thumbprint);
  return [...new Set(polled.map((entry) => hostAndPort(entry.address!)))];
}

function hostAndPort(address: string): string {
  try {
    const { hostname, port, protocol } = new URL(address);
    return `${hostname.toLowerCase().replace(/\.$/, '')}:${port || (protocol === 'https:' ? '443' : '')}`;
  } catch {
    return address.toLowerCase();
  }
}

import type { CertificateFacts } from '../certificates/contract.ts';
import { dueReasons, type DuePolicy } from './due.ts';

/** What is known of a Tentacle's certificate before it is touched. */
export interface KnownCertificate {
  signatureAlgorithm: string | null;
  notBefore: string | null;
  notAfter: string | null;
}

/** Whether a certificate is due. `unseen`: how old it is cannot be told now, and nothing else makes it due. */
export type CertificateDue = { due: 'yes'; why: string } | { due: 'no' } | { due: 'unseen' };

/** Which machines are asked for, by names, tags and environments; all null: every one, and only those that are due by themselves. */
export interface CertificateSelection { machines: readonly string[] | null; tags: readonly string[] | null; environments: readonly string[] | null }

/** Whether anything was asked for by name. */
export function isSelective({ machines, tags, environments }: CertificateSelection): boolean {
  return machines !== null || tags !== null || environments !== null;
}

/** The text by which a selection is remembered, so that it works once like the text of a ticket. */
export function selectionText({ machines, tags, environments }: CertificateSelection): string {
  const part = (label: string, values: readonly string[] | null) => (values === null ? [] : [`${label} ${[...values].sort().join(', ')}`]);
  return [...part('machines', machines), ...part('tags', tags), ...part('environments', environments)].join('; ');
}

/** Whether a machine is asked for: letter case is ignored, as Octopus does. */
export function isSelected(selection: CertificateSelection, machine: { names: readonly string[]; roles: readonly string[]; environments: readonly string[] }): boolean {
  const meets = (wanted: readonly string[] | null, has: readonly string[]) => wanted === null || has.some((one) => wanted.some((each) => each.toLowerCase() === one.toLowerCase()));
  return meets(selection.machines, machine.names) && meets(selection.tags, machine.roles) && meets(selection.environments, machine.environments);
}

/**
 * Why a Tentacle's certificate is due (B6: also for SHA-1). A certificate whose age cannot be seen is not taken for a young one: `canBeSeen` tells
 * whether it could be, on a machine that just does not answer; where it never can (only the server reaches it) it is due. Pure.
 */
export function certificateDue(certificate: KnownCertificate, canBeSeen: boolean, policy: DuePolicy, now: Date): CertificateDue {
  const { signatureAlgorithm, notBefore, notAfter } = certificate;
  const isDated = notBefore !== null && notAfter !== null;
  const today = now.toISOString();
  const reasons = dueReasons({ signatureAlgorithm: signatureAlgorithm ?? '', notBefore: notBefore ?? today, notAfter: notAfter ?? FAR } as CertificateFacts, policy, now);
  if (!isDated && !canBeSeen && reasons.length === 0) reasons.push('how old it is cannot be seen from here, and no rotation noted it');
  if (reasons.length > 0) return { due: 'yes', why: reasons.join('; ') };
  return isDated ? { due: 'no' } : { due: 'unseen' };
}

const FAR = '9999-12-31T00:00:00Z';

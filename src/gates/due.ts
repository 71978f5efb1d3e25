import type { CertificateFacts } from '../certificates/contract.ts';

export interface DuePolicy {
  maximumAgeDays: number;
  expiresWithinDays: number;
  /** A ticket text given for this run, if any. */
  force: string | null;
  /** Ticket texts that earlier rotations already used: each works once. */
  usedForces: string[];
}

const DAY_MS = 86_400_000;

/** Why a rotation is due now; empty when it is not. An open rotation is always due and never asked here (rule 6). */
export function dueReasons(certificate: CertificateFacts, policy: DuePolicy, now: Date): string[] {
  const reasons: string[] = [];
  const age = Math.floor((now.getTime() - Date.parse(certificate.notBefore)) / DAY_MS);
  const left = Math.floor((Date.parse(certificate.notAfter) - now.getTime()) / DAY_MS);
  if (/sha1/i.test(certificate.signatureAlgorithm)) reasons.push(`it is signed with ${certificate.signatureAlgorithm}`);
  if (age > policy.maximumAgeDays) reasons.push(`it is ${age} days old, and more than ${policy.maximumAgeDays} are not allowed`);
  if (left < policy.expiresWithinDays) reasons.push(left < 0 ? `it expired ${-left} days ago` : `it expires in ${left} days, and fewer than ${policy.expiresWithinDays} are not allowed`);
  if (policy.force !== null && policy.force.trim() !== '' && !policy.usedForces.includes(policy.force)) reasons.push(`it was asked for: ${policy.force}`);
  return reasons;
}

import type { Proof, Report } from '../../schemas/types/report.ts';

/** Claims as sentences without subject. Unknown ones are shown as they are written. */
const CLAIMS: Record<string, string> = {
  'old-backed-up': 'Old certificate backed up and the backup opened',
  'new-stored': 'New certificate stored and opened',
  'relay-ready': 'Relay tried out in its own identity',
  'database-shows-new': 'Database shows the new certificate',
  'node-presents-new': 'Node presents the new certificate',
  'database-shows-old': 'Database shows the old certificate',
  'node-presents-old': 'Node presents the old certificate',
  'node-ready': 'Relay of the node answers',
  'polling-answers': 'Polling machines answer the node',
  'machines-answer': 'Machines with a new certificate answer the node',
  'trusts-new': 'Trusts the new certificate',
  'trusts-old': 'Trusts the old certificate',
  'trust-written': 'New trust written to its list',
  'distrusts-old': 'Refuses the old certificate',
  'distrusts-new': 'Refuses the new certificate',
  'presents-new': 'Has its new certificate in force',
  'registered-new': 'Each registration has its new certificate',
  disarmed: 'Its switch is disarmed',
  'keeps-old': 'Keeps its old certificate, in force and registered',
  healthy: 'Healthy',
  'healthy-after-swap': 'Health check after the swap',
  'healthy-after-retire': 'Health check after retiring',
  'healthy-after-regenerate': 'Health check after the new certificates',
  regenerated: 'Each machine has its new certificate, or is left behind',
  verified: 'Verified on new connections',
  abandoned: 'Abandoned on every machine that could be reached',
  'rolled-back': 'Rolled back on every machine that could be reached',
};

const HOW: Record<string, string> = {
  wire: 'on the wire, new connection',
  'read-back': 'read back after restart',
  rest: 'over REST',
  file: 'file opened and compared',
};

export const claimText = (claim: string): string => CLAIMS[claim] ?? claim;
export const howText = (how: Proof['how']): string => (how === null ? '' : (HOW[how] ?? how));

export const OUTCOME_TEXT: Record<Report['outcome'], string> = {
  completed: 'Completed',
  open: 'Open',
  'handed-over': 'Handed over',
  refused: 'Refused',
  failed: 'Failed',
  'rolled-back': 'Rolled back',
  abandoned: 'Abandoned',
};

/** How good the news is; shown by colour and always by word and shape too. */
export function toneOf(report: Pick<Report, 'outcome' | 'summary'>): 'good' | 'mixed' | 'bad' {
  if (report.outcome === 'refused' || report.outcome === 'failed') return 'bad';
  return report.outcome === 'completed' && report.summary.leftBehind === 0 && report.summary.pending === 0 ? 'good' : 'mixed';
}

export const PHASE_OUTCOME_TEXT: Record<Report['phases'][number]['outcome'], string> = {
  continue: 'done',
  stop: 'stopped as planned',
  'handed-over': 'handed over to the relay',
  refused: 'refused',
  failed: 'failed',
  interrupted: 'interrupted',
  running: 'running',
};

export const REASON_TEXT: Record<Report['leftBehind'][number]['reason'], string> = {
  off: 'switched off',
  disabled: 'disabled',
  unreachable: 'unreachable',
  refused: 'refused',
  failed: 'failed',
  deferred: 'put off',
  'wrong-peer': 'somebody else answers',
  waived: 'waived',
  unregistered: 'registered no longer',
  reverted: 'went back by itself',
  'unknown-certificate': 'shows a certificate that nobody knows',
  'other-servers': 'used by another Octopus Server',
  kubernetes: 'agent in Kubernetes',
};

/** What is rotated, with its article. */
export const ROTATION_TEXT: Record<Report['rotation'], string> = { 'server-certificate': 'the server certificate', 'tentacle-certificates': 'Tentacle certificates' };

/** Said where a machine that is left behind has no command that mends it. */
export const NOTHING_TO_MEND: Record<Report['rotation'], string> = {
  'server-certificate': 'Nothing to mend: there is no new certificate yet.',
  'tentacle-certificates': 'Nothing to mend: it keeps its old certificate, and the next rotation takes it in.',
};

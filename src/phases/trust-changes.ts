import { ADD_EFFECT, RETIRE_EFFECT } from '../journal/views.ts';
import { acceptsBoth, acceptsFreshOnly, acceptsOld, acceptsOldOnly, isProbed } from './looking.ts';
import type { TrustChange } from './trust-change.ts';

/** Document 1, step 3: NEW beside OLD. */
export const ADD_NEW: TrustChange = {
  effect: ADD_EFFECT,
  claim: 'trusts-new',
  description: 'Octopus Rotation: trust the new server certificate',
  label: 'restarted and trusting the new certificate',
  script: { operation: 'add' },
  task: 'TentacleAddTrust',
  wished: acceptsBoth,
};

/** On the way back: OLD beside NEW, where a machine lost it. */
export const ADD_OLD: TrustChange = {
  effect: ADD_EFFECT,
  claim: 'trusts-old',
  description: 'Octopus Rotation: trust the old server certificate again',
  label: 'restarted and trusting the old certificate',
  script: { operation: 'add', direction: 'back' },
  task: 'TentacleAddTrust',
  wished: acceptsOld,
};

/** Document 1, step 6: OLD goes, NEW stays. */
export const RETIRE_OLD: TrustChange = {
  effect: RETIRE_EFFECT,
  claim: 'distrusts-old',
  description: 'Octopus Rotation: distrust the old server certificate',
  label: 'refusing the old certificate',
  script: { operation: 'remove' },
  task: 'TentacleRemoveTrust',
  wished: acceptsFreshOnly,
  // Removing OLD from a machine that does not accept NEW would cut it off: it is left as it is and named.
  unfit: (look) => {
    const isUnfit = isProbed(look.machine) ? look.probes !== null && look.probes.fresh.verdict !== 'trusted' : look.readBack !== null && !look.readBack.trustsFresh;
    return isUnfit ? 'it does not accept the new certificate' : null;
  },
};

const WITHDRAW_EFFECT = 'withdraw-trust';

/** A rotation that is given up or rolled back: NEW goes, OLD stays. */
export const WITHDRAW_NEW: TrustChange = {
  effect: WITHDRAW_EFFECT,
  claim: 'distrusts-new',
  description: 'Octopus Rotation: distrust the certificate that is given up',
  label: 'refusing the certificate that is given up',
  script: { operation: 'remove', direction: 'back' },
  wished: acceptsOldOnly,
  // NEW that was written and waits for a restart is in force after the next one: the probe does not see it.
  mayHide(entries) {
    const written = new Set<string>();
    for (const entry of entries) {
      if (entry.kind === 'intent' && entry.data.effect === ADD_EFFECT) written.add(entry.subject);
      else if (entry.kind === 'done' && entry.data.effect === WITHDRAW_EFFECT) written.delete(entry.subject);
    }
    return written;
  },
};

/** Every change of trust that a rotation may have under way. */
export const TRUST_CHANGES: readonly TrustChange[] = [ADD_NEW, ADD_OLD, RETIRE_OLD, WITHDRAW_NEW];

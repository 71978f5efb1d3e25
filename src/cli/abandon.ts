import { ABANDON_RUNBOOK_NAME } from '../install/names.ts';
import { wayOut } from './way-out.ts';

/** `abandon`: gives up an open rotation before the swap. */
export const runAbandon = wayOut('abandon', ABANDON_RUNBOOK_NAME);

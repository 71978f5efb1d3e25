import { ROLL_BACK_RUNBOOK_NAME } from '../install/names.ts';
import { wayOut } from './way-out.ts';

/** `roll-back`: takes an open rotation back after the swap, before anything is retired. */
export const runRollBack = wayOut('roll-back', ROLL_BACK_RUNBOOK_NAME);

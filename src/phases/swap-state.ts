import { swapDone } from '../journal/views.ts';
import type { Rotation } from './rotation.ts';

/** True when this rotation saw its own NEW in the database and on the wire, so that the phases before the swap have nothing left to do. */
export function swapIsDone(rotation: Rotation): boolean {
  return swapDone(rotation.entries());
}

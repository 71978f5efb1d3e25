/** Why a Tentacle could not be spoken with. `not-collected`: a polling one did not come for the request in time. */
export type UnreachableReason = 'refused' | 'timeout' | 'wrong-peer' | 'not-trusted' | 'not-collected' | 'dropped' | 'protocol';

export class TentacleUnreachable extends Error {
  override name = 'TentacleUnreachable';
  readonly reason: UnreachableReason;

  constructor(reason: UnreachableReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

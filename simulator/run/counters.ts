import type { FramesRefusal, Refusal, UpKind } from '../wire/contract.js';

/** What a running fleet has done since it started. Counts, unless a name says otherwise. */
export interface Counters {
  /** Messages that reached a gateway for a meter. */
  received: number;
  accepted: number;
  duplicates: number;
  refused: Partial<Record<Refusal | FramesRefusal, number>>;
  /** Step 1 of the contract failed: no ack. */
  invalid: number;
  reads: number;
  /** Read requests for another meter, or too late: no answer. */
  readsIgnored: number;
  /** For a meter that is not behind this gateway. */
  unroutable: number;
  /** Lost to a fault on the way down, or addressed to a silent meter. */
  unheard: number;
  sent: Record<UpKind, number>;
  /** Lost to a fault on the way up. */
  lostUp: number;
  /** Dropped because a gateway had been offline for too long. */
  overflowed: number;
  relayToggles: number;
}

export const newCounters = (): Counters => ({
  received: 0,
  accepted: 0,
  duplicates: 0,
  refused: {},
  invalid: 0,
  reads: 0,
  readsIgnored: 0,
  unroutable: 0,
  unheard: 0,
  sent: { ack: 0, state: 0, reading: 0, event: 0, frames: 0 },
  lostUp: 0,
  overflowed: 0,
  relayToggles: 0,
});

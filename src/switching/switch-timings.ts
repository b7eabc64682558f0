/** Waits of the wire (wall-clock ms) and validities (product-time ms). */
export interface SwitchTimings {
  /** No ack after this: the outcome is UNKNOWN and the meter is asked. */
  readonly ackTimeoutMs: number;
  /** Accepted, but no proof of the relay after this: the meter is asked. */
  readonly proofTimeoutMs: number;
  /** First wait for the answer to a read; doubles with every unanswered one up to `maxReadWaitMs`. */
  readonly readTimeoutMs: number;
  readonly maxReadWaitMs: number;
  /** How often an armed meter, waiting for its button, is asked. */
  readonly armedReadMs: number;
  /** The remote rung of a restore: unproven after this, a field visit is ordered. */
  readonly remoteWindowMs: number;
  /** The same while waiting for a customer's button. */
  readonly armedWindowMs: number;
  /** The same while waiting for a restore code to be typed; the code's own validity, in product time, ends it earlier. */
  readonly codeWindowMs: number;
  /** A cut that could not be sent within this is dropped and must be asked for anew. */
  readonly cutQueueMs: number;
  /** The same for a cut for danger: it has pushed a restore aside, which must not wait longer than this for nothing. */
  readonly urgentQueueMs: number;
  /** Product time for which the meter may obey a cut (5–15 min), and at least `minWireMs` of wall time under a fast clock. */
  readonly cutValidityMs: number;
  readonly restoreValidityMs: number;
  readonly minWireMs: number;
  /** A head-end process that does not say for so long that it lives is replaced by another, wall-clock ms. */
  readonly leaseMs: number;
  /** Sends of one command before the next rung. */
  readonly maxAttempts: number;
  /** Answers that contradict the order before a relay counts as stuck. */
  readonly maxContradictions: number;
  /** Product time a requested cut waits for approval. */
  readonly approvalMs: number;
  /** Product time until field work must be done: the legal limit for a restore is 24 h. */
  readonly fieldVisitMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export const DEFAULT_SWITCH_TIMINGS: SwitchTimings = {
  ackTimeoutMs: 8 * SECOND,
  proofTimeoutMs: 5 * SECOND,
  readTimeoutMs: 5 * SECOND,
  maxReadWaitMs: MINUTE,
  armedReadMs: MINUTE,
  remoteWindowMs: 30 * MINUTE,
  armedWindowMs: 24 * HOUR,
  codeWindowMs: 24 * HOUR,
  cutQueueMs: HOUR,
  urgentQueueMs: 2 * MINUTE,
  cutValidityMs: 10 * MINUTE,
  restoreValidityMs: 7 * 24 * HOUR,
  minWireMs: 10 * SECOND,
  leaseMs: 15 * SECOND,
  maxAttempts: 6,
  maxContradictions: 3,
  approvalMs: 24 * HOUR,
  fieldVisitMs: 24 * HOUR,
};

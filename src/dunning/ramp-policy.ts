import type { SwitchCommandState } from '../switching/switch-command.js';

/** How many cuts each step of a ramp releases; the last size repeats. A canary first: what is wrong shows while it is small. */
export const RAMP_STEPS: readonly number[] = [10, 50, 250];
/** A batch is aborted when this share of what was sent failed, in percent, but not for the first failure alone. */
const ABORT_PERCENT = 2;
const MIN_FAILURES = 2;

/** Codes that say: the decision that built this batch was wrong about somebody. One is enough to stop the rest. */
export const WRONGFUL_SIGNALS: readonly string[] = [
  'NOT_PROTECTED',
  'PROTECTION_ASKED',
  'PROTECTED',
  'WRONG_METER',
  'WRONG_INSTALLATION',
  'SAME_INSTALLATION',
  'PHYSICS_DISAGREE',
];

/** One cut of a batch as it stands. `released`: the ramp has let it go. */
export interface BatchMember {
  readonly commandId: string;
  readonly state: SwitchCommandState;
  readonly released: boolean;
  readonly failureCode: string | null;
  /** The hours of its policy are over, or have not come: it waits and lets the others go first. */
  readonly outOfHours: boolean;
}

export type RampDecision =
  | { readonly kind: 'WAIT' }
  | { readonly kind: 'RELEASE'; readonly commandIds: readonly string[] }
  | { readonly kind: 'ABORT'; readonly code: string; readonly text: string }
  | { readonly kind: 'DONE' };

const FAILED: readonly SwitchCommandState[] = ['FAILED', 'REJECTED', 'FIELD_VISIT', 'EXPIRED'];
const IN_FLIGHT: readonly SwitchCommandState[] = ['QUEUED', 'SENT', 'ACCEPTED', 'ARMED', 'UNKNOWN'];

/**
 * What a running batch does next. A step is released when the one before is settled: each of its cuts proven, withdrawn or in quarantine.
 * Stops for good at the first sign of a wrongful cut, or when too many fail.
 *
 * @param allowance how many cuts the thresholds leave room for now
 */
export function rampDecision(
  members: readonly BatchMember[],
  rampStep: number,
  allowance: number,
  steps: readonly number[] = RAMP_STEPS,
): RampDecision {
  const released = members.filter((member) => member.released);
  const wrong = released.find(({ failureCode }) => failureCode !== null && WRONGFUL_SIGNALS.includes(failureCode));
  if (wrong) {
    const text = `cut ${wrong.commandId} ended with ${wrong.failureCode}: somebody in this batch must not be cut; look at it before anything else is`;
    return { kind: 'ABORT', code: 'WRONGFUL_CUT_SIGNAL', text };
  }
  // What the guard had no room for was never tried: it says nothing about the batch.
  const tried = released.filter(({ failureCode }) => failureCode !== 'NOT_SENT');
  const failed = tried.filter(({ state }) => FAILED.includes(state)).length;
  if (failed >= MIN_FAILURES && failed * 100 >= released.length * ABORT_PERCENT) {
    const text = `${failed} of ${released.length} cuts released have failed; find out why before the rest`;
    return { kind: 'ABORT', code: 'TOO_MANY_FAILURES', text };
  }
  if (released.some(({ state }) => IN_FLIGHT.includes(state))) return { kind: 'WAIT' };
  const unreleased = members.filter(({ released: gone, state }) => !gone && state === 'PENDING_APPROVAL');
  const waiting = unreleased.filter(({ outOfHours }) => !outOfHours);
  if (waiting.length === 0) {
    return unreleased.length > 0 || released.some(({ state }) => state === 'QUARANTINED')
      ? { kind: 'WAIT' }
      : { kind: 'DONE' };
  }
  const size = Math.min(steps[Math.min(rampStep, steps.length - 1)]!, allowance);
  if (size <= 0) return { kind: 'WAIT' };
  return { kind: 'RELEASE', commandIds: waiting.slice(0, size).map(({ commandId }) => commandId) };
}

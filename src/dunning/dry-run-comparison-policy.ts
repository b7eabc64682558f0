/** What a dry run foresaw, held against what happened on its day. */
import type { SwitchCommandState } from '../switching/switch-command.js';

/** In the order in which they are told: what must never be comes first. */
export const DRY_RUN_CATEGORIES = [
  'CUT_THOUGH_BLOCKED',
  'CUT_NOT_LISTED',
  'NOT_CUT_PAID',
  'NOT_CUT_OTHER',
  'AS_FORESEEN',
] as const;
export type DryRunCategory = (typeof DRY_RUN_CATEGORIES)[number];

/** What became of a service point on the day. */
export const DRY_RUN_OUTCOMES = ['CUT', 'NOT_CARRIED_OUT', 'PAID', 'HELD', 'PROPOSED_NOT_CUT', 'NOT_PROPOSED'] as const;
export type DryRunOutcome = (typeof DRY_RUN_OUTCOMES)[number];

/** What is on record about one service point and that local day. */
export interface DayFacts {
  /** What the dry run said; null: the service point is not in it. */
  readonly permitted: boolean | null;
  /** State of the cut for debt that was sent on the day; null: none was. */
  readonly sentState: SwitchCommandState | null;
  /** Paid between the dry run and the end of the day: all that it found overdue. */
  readonly paid: boolean;
  /** A hold stood on the day. */
  readonly held: boolean;
  /** Of a cut that was proposed for the day and not sent: its end code, or its state while it is open; null: none was proposed. */
  readonly ending: string | null;
}

/** A verdict: what happened, and how that fits what was foreseen. */
export interface DayVerdict {
  readonly category: DryRunCategory;
  readonly outcome: DryRunOutcome;
  /** Why it was not cut: end code or state of the command; null where there was none. */
  readonly code: string | null;
}

/** A cut that was sent and ended so did not darken anybody, as far as the meter said. */
const NOT_CARRIED_OUT: readonly SwitchCommandState[] = ['REJECTED', 'FAILED', 'EXPIRED', 'QUEUED'];

/**
 * Pure. A cut that was sent counts before everything else, then payment, hold, and what became of the proposal. What the dry run called
 * blocked and was not cut is as foreseen, whatever kept it so. An order that was sent against a blocker is told even if the meter refused.
 */
export function compareDay(facts: DayFacts): DayVerdict {
  const happened = outcomeOf(facts);
  return { ...happened, category: categoryOf(facts, happened.outcome) };
}

function outcomeOf({ sentState, paid, held, ending }: DayFacts): Pick<DayVerdict, 'outcome' | 'code'> {
  if (sentState !== null) {
    const carriedOut = !NOT_CARRIED_OUT.includes(sentState);
    return { outcome: carriedOut ? 'CUT' : 'NOT_CARRIED_OUT', code: carriedOut ? null : sentState };
  }
  if (paid || ending === 'DEBT_SETTLED') return { outcome: 'PAID', code: ending };
  if (held) return { outcome: 'HELD', code: ending };
  return ending === null ? { outcome: 'NOT_PROPOSED', code: null } : { outcome: 'PROPOSED_NOT_CUT', code: ending };
}

function categoryOf({ permitted, sentState }: DayFacts, outcome: DryRunOutcome): DryRunCategory {
  if (permitted === null) return 'CUT_NOT_LISTED';
  if (!permitted) return sentState === null ? 'AS_FORESEEN' : 'CUT_THOUGH_BLOCKED';
  if (outcome === 'CUT') return 'AS_FORESEEN';
  return outcome === 'PAID' ? 'NOT_CUT_PAID' : 'NOT_CUT_OTHER';
}

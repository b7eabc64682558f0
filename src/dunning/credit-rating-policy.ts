import type { CreditRating } from './words.js';

/** A bill paid more than so many days late is very late; the law's own line for a cut (电力供应与使用条例 art. 39). */
export const VERY_LATE_DAYS = 30;
/** History older than this is forgotten, months. */
export const HISTORY_MONTHS = 24;
/** The months that weigh most. */
export const RECENT_MONTHS = 12;

/**
 * What is known of how an account has paid. Settled bills only are history: the debt that is being demanded is not yet one, unless it has
 * piled up. Lateness that the company or a bank caused (a bank-late hold, an upheld dispute) is not counted at all.
 */
export interface CreditHistory {
  /** Settled bills that fell due in the last {@link RECENT_MONTHS}, and in the last {@link HISTORY_MONTHS}. */
  readonly settled12: number;
  readonly settled24: number;
  /** Of these, paid 1 to {@link VERY_LATE_DAYS} days late. */
  readonly late12: number;
  readonly late24: number;
  /** Of these, paid later than that. */
  readonly veryLate12: number;
  readonly veryLate24: number;
  readonly worstLateDays24: number;
  /** Bills unpaid past their due date now, and for how long the oldest. */
  readonly openOverdue: number;
  readonly openOverdueDays: number;
  /** In the last {@link HISTORY_MONTHS}. A cut counts if it was carried out and not undone as a mistake. */
  readonly cuts24: number;
  readonly brokenPromises24: number;
  /** Cheques and bank payments that were reversed. */
  readonly bouncedPayments24: number;
  /** Whole years. */
  readonly customerYears: number;
}

export type RatingReasonCode =
  | 'NEVER_BILLED'
  | 'SHORT_HISTORY'
  | 'PAID_ON_TIME'
  | 'LOYAL'
  | 'LATE_BILLS'
  | 'VERY_LATE_BILLS'
  | 'DEBT_PILES_UP'
  | 'CUT_BEFORE'
  | 'BROKEN_PROMISES'
  | 'BOUNCED_PAYMENTS';

/** One reason of a rating: the best rating it allows, and what it rests on. */
export interface RatingReason {
  readonly code: RatingReasonCode;
  readonly allows: CreditRating;
  readonly evidence: string;
}

export interface RatedCredit {
  readonly rating: CreditRating;
  readonly reasons: readonly RatingReason[];
}

/** What a customer of so many years may have paid late in the last year and still be rated A. */
const LOYAL_YEARS = 5;
const LATE_FORGIVEN = 1;
const LATE_FORGIVEN_TO_LOYAL = 2;
/** Fewer settled bills than these say little. */
const ENOUGH_BILLS = 6;

/** From so many on, no better than this; the first line that fits decides. Relight's own scale: the sources name 信誉度, not how to find it. */
type Scale = readonly (readonly [from: number, allows: CreditRating])[];
const CUTS: Scale = [[2, 'D'], [1, 'C']]; // prettier-ignore
const BROKEN: Scale = [[2, 'D'], [1, 'C']]; // prettier-ignore
const BOUNCED: Scale = [[3, 'D'], [2, 'C'], [1, 'B']]; // prettier-ignore
const VERY_LATE_RECENT: Scale = [[3, 'D'], [1, 'C']]; // prettier-ignore
const VERY_LATE_BEFORE: Scale = [[3, 'C'], [1, 'B']]; // prettier-ignore
const LATE_RECENT: Scale = [[6, 'C']]; // prettier-ignore
const OPEN_OVERDUE: Scale = [[4, 'D'], [2, 'C']]; // prettier-ignore
const OPEN_DAYS: Scale = [[181, 'D'], [91, 'C']]; // prettier-ignore

const allowed = (scale: Scale, count: number): CreditRating => scale.find(([from]) => count >= from)?.[1] ?? 'A';
const worst = (...ratings: readonly CreditRating[]): CreditRating => [...ratings].sort().at(-1) ?? 'A';

/** The reasons that speak against an account, each with the best rating it still allows. */
function against(history: CreditHistory): RatingReason[] {
  const { late12, veryLate12, veryLate24, openOverdue, openOverdueDays, cuts24, brokenPromises24, bouncedPayments24 } =
    history;
  const forgiven = history.customerYears >= LOYAL_YEARS ? LATE_FORGIVEN_TO_LOYAL : LATE_FORGIVEN;
  return [
    {
      code: 'CUT_BEFORE',
      allows: allowed(CUTS, cuts24),
      evidence: `cut for debt ${cuts24} times in ${HISTORY_MONTHS} months`,
    },
    {
      code: 'BROKEN_PROMISES',
      allows: allowed(BROKEN, brokenPromises24),
      evidence: `${brokenPromises24} promises or payment plans broken in ${HISTORY_MONTHS} months`,
    },
    {
      code: 'BOUNCED_PAYMENTS',
      allows: allowed(BOUNCED, bouncedPayments24),
      evidence: `${bouncedPayments24} cheques or bank payments reversed in ${HISTORY_MONTHS} months`,
    },
    {
      code: 'VERY_LATE_BILLS',
      allows: worst(allowed(VERY_LATE_RECENT, veryLate12), allowed(VERY_LATE_BEFORE, veryLate24)),
      evidence: `paid more than ${VERY_LATE_DAYS} days late: ${veryLate12} bills in ${RECENT_MONTHS} months, ${veryLate24} in ${HISTORY_MONTHS}; the worst ${history.worstLateDays24} days`,
    },
    {
      code: 'LATE_BILLS',
      allows: worst(allowed(LATE_RECENT, late12), late12 > forgiven ? 'B' : 'A'),
      evidence: `paid 1 to ${VERY_LATE_DAYS} days late: ${late12} of ${history.settled12} bills in ${RECENT_MONTHS} months, ${forgiven} forgiven`,
    },
    {
      code: 'DEBT_PILES_UP',
      allows: worst(allowed(OPEN_OVERDUE, openOverdue), allowed(OPEN_DAYS, openOverdueDays)),
      evidence: `${openOverdue} bills unpaid past their due date, the oldest for ${openOverdueDays} days`,
    },
  ];
}

/**
 * Credit rating (信誉度) A to D with every reason: it is the worst that any reason allows. Who was never billed, or has not settled a bill
 * yet, is rated B, not A: nothing is known.
 */
export function rateCredit(history: CreditHistory): RatedCredit {
  const bad = against(history).filter(({ allows }) => allows !== 'A');
  const reasons: RatingReason[] = [...bad];
  if (history.settled24 === 0 && history.openOverdue === 0) {
    reasons.push({
      code: 'NEVER_BILLED',
      allows: 'B',
      evidence: `no bill fell due in ${HISTORY_MONTHS} months`,
    });
  } else if (history.settled24 < ENOUGH_BILLS) {
    reasons.push({
      code: 'SHORT_HISTORY',
      allows: 'B',
      evidence: `${history.settled24} bills settled in ${HISTORY_MONTHS} months; ${ENOUGH_BILLS} say enough`,
    });
  }
  const onTime = history.settled12 - history.late12 - history.veryLate12;
  if (onTime > 0) {
    reasons.push({
      code: 'PAID_ON_TIME',
      allows: 'A',
      evidence: `${onTime} of ${history.settled12} bills of the last ${RECENT_MONTHS} months paid on time`,
    });
  }
  if (history.customerYears >= LOYAL_YEARS) {
    reasons.push({ code: 'LOYAL', allows: 'A', evidence: `a customer for ${history.customerYears} years` });
  }
  return { rating: worst(...reasons.map(({ allows }) => allows)), reasons };
}

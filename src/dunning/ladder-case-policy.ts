/**
 * What one case of arrears is about: the oldest unpaid bill, or a prepaid balance below a line. Dates and notices of a step are judged
 * against it, so that a ladder is anchored anew whenever that bill changes.
 */
import { addDays, addMonths, daysBetween, localDate, type LocalDate } from '../platform/local-date.js';
import type { DebtFact, NoticeFact } from './cut-facts.js';
import type { LadderFacts } from './ladder.js';
import type { DunningPolicy, LadderStep } from './policy-schema.js';

/** What a bill still asks for, minor units. */
export const outstandingOf = (bill: DebtFact): bigint => bill.principalOutstandingMinor + bill.lateFeeOutstandingMinor;

/** Bills with unpaid principal, oldest due first; of one due date the one with the smaller id. Late fees alone are not dunned. */
export const unpaidBills = (facts: LadderFacts): DebtFact[] =>
  facts.bills
    .filter((bill) => bill.principalOutstandingMinor > 0n)
    .sort((a, b) => (a.dueDate === b.dueDate ? (a.billId < b.billId ? -1 : 1) : a.dueDate < b.dueDate ? -1 : 1));

/** The bill that the ladder is anchored to: the oldest unpaid one. */
export const anchorOf = (facts: LadderFacts): DebtFact | undefined => unpaidBills(facts)[0];

/** Since when the balance has been at or below the line of a BALANCE step; undefined: it is above. */
export function lowSince(facts: LadderFacts, atOrBelowMinor: bigint): Date | undefined {
  if (facts.balanceMinor > atOrBelowMinor) return undefined;
  const known = facts.lowBalances?.find((low) => low.atOrBelowMinor === atOrBelowMinor)?.since;
  // Without history every notice on record counts as too old: a warning too many harms nobody.
  return known ?? facts.belowLineSince ?? undefined;
}

/** The day a step falls on by itself, without its predecessors; null: nothing makes it due. */
export function ownDateOf(
  step: LadderStep,
  facts: LadderFacts,
  anchor: DebtFact | undefined,
  today: LocalDate,
  timeZone: string,
): LocalDate | null {
  const { when } = step;
  if (when.from === 'BALANCE') {
    if (facts.balanceMinor > when.atOrBelowMinor) return null;
    const since = lowSince(facts, when.atOrBelowMinor);
    return since ? localDate(since, timeZone) : today;
  }
  return anchor ? dayByBill(step, anchor) : null;
}

/** The day a step falls on by the dates of a bill; null for a step that follows the balance. */
export function dayByBill({ when }: LadderStep, bill: Pick<DebtFact, 'readingDate' | 'dueDate'>): LocalDate | null {
  if (when.from === 'BALANCE') return null;
  if (when.from === 'READING_DAY') return addDays(bill.readingDate, when.days);
  if (when.from === 'DUE_DATE') return addDays(bill.dueDate, when.days);
  return dayOfMonth(addMonths(`${bill.readingDate.slice(0, 7)}-01`, when.monthsLater), when.day);
}

/** A day of the month of `first`, or its last day where the month is shorter. */
function dayOfMonth(first: LocalDate, day: number): LocalDate {
  const length = daysBetween(first, addMonths(first, 1));
  return addDays(first, Math.min(day, length) - 1);
}

/**
 * Whether a notice was given for this step in this case. One that was given before the step's own day spoke of another debt; one from
 * before the debt was opened anew, or before the balance fell, has been answered by the payment in between.
 */
export function speaksOf(
  notice: NoticeFact,
  step: LadderStep,
  facts: LadderFacts,
  anchor: DebtFact | undefined,
  timeZone: string,
): boolean {
  if (notice.stepCode !== step.code) return false;
  if (step.when.from === 'BALANCE') {
    const since = lowSince(facts, step.when.atOrBelowMinor);
    if (since === undefined || notice.createdAt < since) return false;
    // What a cut stands on is told after the balance fell below its line, not at a warning line before.
    return !step.mandatory || facts.belowLineSince === null || notice.createdAt >= facts.belowLineSince;
  }
  if (!anchor?.billId || !notice.billIds.includes(anchor.billId)) return false;
  if (anchor.reopenedAt && notice.createdAt < anchor.reopenedAt) return false;
  const createdOn = localDate(notice.createdAt, timeZone);
  return createdOn >= ownDateOf(step, facts, anchor, createdOn, timeZone)!;
}

/** Bills that a cut could stand on today: overdue for long enough, young enough, read as the policy asks. Every mandatory notice names them. */
export function countingBills(facts: LadderFacts, policy: DunningPolicy, today: LocalDate): DebtFact[] {
  const { minDays, maxAge, estimatedCounts } = policy.overdue;
  return unpaidBills(facts).filter(
    (bill) =>
      addDays(bill.dueDate, minDays) <= today &&
      (estimatedCounts || !bill.estimated) &&
      (!maxAge || today < addMonths(maxAge.from === 'DUE_DATE' ? bill.dueDate : bill.readingDate, maxAge.months)),
  );
}

/** Extra days that the customer's credit rating grants before debt counts. */
export const graceDaysOf = (facts: LadderFacts, policy: DunningPolicy): number =>
  policy.standing.graceDaysByRating[facts.creditRating] ?? 0;

/** The first local day on which a bill counts for a cut. */
export const countsFrom = (bill: DebtFact, facts: LadderFacts, policy: DunningPolicy): LocalDate =>
  addDays(bill.dueDate, policy.overdue.minDays + graceDaysOf(facts, policy));

/** The first and the last local day on which a served cut notice carries a cut. */
export function cutWindowOf(servedOn: LocalDate, policy: DunningPolicy): { from: LocalDate; until: LocalDate | null } {
  const { minDays, maxDays, count } = policy.notice;
  // Clear days count neither the day of service nor that of the cut.
  const start = addDays(servedOn, count === 'CLEAR' ? 1 : 0);
  return { from: addDays(start, minDays), until: maxDays === null ? null : addDays(start, maxDays) };
}

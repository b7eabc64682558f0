/**
 * How far dunning has come with an account: conditions listed worst first, the first that holds wins, nothing is remembered. A hold
 * or a pause does not change the stage; it keeps the ladder from going on, and stands beside it.
 */
import { addDays, addMonths, localDate, startOfLocalDay, type LocalDate } from '../platform/local-date.js';
import { countingBills, countsFrom, cutWindowOf, outstandingOf } from './ladder-case-policy.js';
import type { DunningPauseFact, DunningStage, LadderFacts, LadderStepView } from './ladder.js';
import type { DunningPolicy } from './policy-schema.js';
import type { NoticePurpose } from './words.js';

const MINUTE_MS = 60_000;

/**
 * The stage at `now`, given the steps of the ladder at the same moment. CUT_READY means that every mandatory step is served, the cut notice
 * carries a cut today and the debt counts; whether a cut is lawful at this hour is decided by the checks of the cut alone.
 */
export function stageFor(
  facts: LadderFacts,
  policy: DunningPolicy,
  now: Date,
  steps: readonly LadderStepView[],
): DunningStage {
  const today = localDate(now, policy.timeZone);
  const servedFor = (purpose: NoticePurpose) => steps.some((step) => step.purpose === purpose && step.state === 'DONE');
  const conditions: readonly (readonly [DunningStage, () => boolean])[] = [
    ['CUT', () => facts.cutForDebt === true],
    ['CUT_READY', () => readyForCut(facts, policy, now, today, steps)],
    ['NOTICE_SERVED', () => servedFor('CUT_NOTICE')],
    ['DEMANDED', () => servedFor('DEMAND')],
    ['REMINDED', () => servedFor('REMINDER')],
    ['OVERDUE', () => openBills(facts).some(({ dueDate }) => dueDate < today) || belowLine(facts, policy)],
    ['DUE', () => openBills(facts).length > 0 || atWarningLine(facts, policy)],
  ];
  return conditions.find(([, holds]) => holds())?.[0] ?? 'CLEAR';
}

/** Bills with anything unpaid, late fees included. */
const openBills = (facts: LadderFacts) => facts.bills.filter((bill) => outstandingOf(bill) > 0n);

/** Prepaid: whether the balance is below the line of the cut. */
const belowLine = (facts: LadderFacts, policy: DunningPolicy): boolean =>
  policy.prepaid !== null && facts.balanceMinor < policy.prepaid.cutBelowMinor - policy.prepaid.emergencyCreditMinor;

const atWarningLine = (facts: LadderFacts, policy: DunningPolicy): boolean =>
  policy.steps.some(({ when }) => when.from === 'BALANCE' && facts.balanceMinor <= when.atOrBelowMinor);

function readyForCut(
  facts: LadderFacts,
  policy: DunningPolicy,
  now: Date,
  today: LocalDate,
  steps: readonly LadderStepView[],
): boolean {
  const asked = policy.steps.filter((_, place) => steps[place]!.reasonCode !== 'OTHER_CLASS');
  const isDone = (code: string) => steps.find((step) => step.code === code)!.state === 'DONE';
  if (!asked.filter(({ mandatory }) => mandatory).every(({ code }) => isDone(code))) return false;
  const notice = asked.find(({ purpose }) => purpose === 'CUT_NOTICE');
  if (notice) {
    const servedOn = servedOnOf(
      facts,
      policy,
      steps.find(({ code }) => code === notice.code)!,
    );
    if (servedOn === undefined) return false;
    const { from, until } = cutWindowOf(servedOn, policy);
    if (today < from || (until !== null && today > until)) return false;
  }
  if (policy.prepaid) return belowLine(facts, policy) && graceEndsAt(facts, policy)! <= now;
  const counting = countingBills(facts, policy, today).filter((bill) => countsFrom(bill, facts, policy) <= today);
  const owedMinor = counting.reduce((sum, bill) => sum + bill.principalOutstandingMinor, 0n);
  return owedMinor > 0n && owedMinor >= policy.overdue.minDebtMinor;
}

function servedOnOf(facts: LadderFacts, policy: DunningPolicy, step: LadderStepView): LocalDate | undefined {
  if (step.state !== 'DONE') return undefined;
  const notice = facts.notices.find(({ noticeId }) => noticeId === step.noticeId);
  return notice?.servedAt ? localDate(notice.servedAt, policy.timeZone) : undefined;
}

/** Prepaid: the end of the grace below the line; far away while nobody knows since when the balance is below. */
function graceEndsAt(facts: LadderFacts, policy: DunningPolicy): Date | undefined {
  if (!policy.prepaid) return undefined;
  if (!facts.belowLineSince) return new Date(8.64e15);
  return new Date(facts.belowLineSince.getTime() + policy.prepaid.graceMinutes * MINUTE_MS);
}

/** Every instant at which the ladder may read differently because time passed; the caller takes the first that is to come. */
export function nextChanges(
  facts: LadderFacts,
  policy: DunningPolicy,
  steps: readonly LadderStepView[],
  pauses: readonly DunningPauseFact[],
): Date[] {
  const days: LocalDate[] = [];
  for (const { dueOn, state } of steps) if (dueOn !== null && state !== 'DONE') days.push(dueOn);
  for (const { from, until } of pauses) days.push(from, ...dayAfter(until));
  for (const { validUntil } of facts.protections) days.push(...dayAfter(validUntil));
  for (const bill of openBills(facts)) {
    days.push(addDays(bill.dueDate, 1), addDays(bill.dueDate, policy.overdue.minDays), countsFrom(bill, facts, policy));
    const { maxAge } = policy.overdue;
    if (maxAge) days.push(addMonths(maxAge.from === 'DUE_DATE' ? bill.dueDate : bill.readingDate, maxAge.months));
  }
  for (const step of steps.filter(({ purpose }) => purpose === 'CUT_NOTICE')) {
    const servedOn = servedOnOf(facts, policy, step);
    const window = servedOn === undefined ? undefined : cutWindowOf(servedOn, policy);
    if (window) days.push(window.from, ...dayAfter(window.until));
  }
  const instants = days.map((day) => startOfLocalDay(day, policy.timeZone));
  const grace = policy.prepaid && facts.belowLineSince ? graceEndsAt(facts, policy)! : undefined;
  return grace ? [...instants, grace] : instants;
}

const dayAfter = (day: LocalDate | null): LocalDate[] => (day === null ? [] : [addDays(day, 1)]);

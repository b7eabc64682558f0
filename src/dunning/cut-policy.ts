import { DEBT_REASONS, URGENT_REASONS } from '../switching/interruption.js';
import { startOfLocalDay, localTime, type LocalDate } from '../platform/local-date.js';
import { cutCase, isFor, type CutCase } from './cut-case.js';
import { check, RELIGHT_RULE, type CutCheck } from './cut-checks.js';
import { approvalChecks, calendarChecks, NO_POLICY, paymentWindowCheck, weatherCheck } from './cut-day-policy.js';
import { debtsOf, overdueChecks, prepaidChecks } from './cut-debt-policy.js';
import type { CutFacts } from './cut-facts.js';
import { noticeChecks } from './cut-notice-policy.js';
import type { DunningPolicy } from './policy-schema.js';
import { forbearanceChecks, protectionCheck, standingChecks } from './cut-standing-policy.js';

export { AT_SENDING, blockers, CHECK_CODES, NOT_IN_DRY_RUN, type CutCheck, type CutCheckCode } from './cut-checks.js';

/**
 * Every check of a cut, passed and blocking, in the order of CHECK_CODES. Pure: the same function answers the operator's question, the
 * dry run, the request, the approval, the guard and the last decision in the transaction that sends. Danger and proven theft need
 * only the first four; a cut at the customer's own wish skips what is about debt; without a policy nobody is cut.
 */
export function cutChecks(facts: CutFacts, policy: DunningPolicy | undefined): CutCheck[] {
  const always = meterChecks(facts);
  // Danger and proven theft: at once, also where power is off already: the cut's higher sequence bars every restore under way.
  if (isUrgent(facts)) return always;
  if (!policy) return [...always, NO_POLICY];
  const question = cutCase(facts, policy);
  const decided = DEBT_REASONS.includes(facts.reason) ? debtCut(question) : ordinaryCut(question);
  return [...always, policyApplies(question), ...decided];
}

const isUrgent = (facts: CutFacts): boolean => URGENT_REASONS.includes(facts.reason);

/** The first instant of a local day at which the policy allows a cut: when a dry run asks. */
export const openingOf = (policy: DunningPolicy, date: LocalDate): Date =>
  instantOf(policy, date, policy.calendar.hours.from);

/** The first instant of a local day from which on the policy no longer allows one. */
export const closingOf = (policy: DunningPolicy, date: LocalDate): Date =>
  instantOf(policy, date, policy.calendar.hours.to);

/** When a clock on the wall of the policy's place shows this time. */
function instantOf({ timeZone }: DunningPolicy, date: LocalDate, time: string): Date {
  const wantedMs = msOf(time);
  const guess = startOfLocalDay(date, timeZone).getTime() + wantedMs;
  // On the day clocks change, the hours since midnight are not those on the wall. 24:00 is the midnight that follows.
  const shownMs = msOf(localTime(new Date(guess), timeZone)) || (time === '24:00' ? wantedMs : 0);
  return new Date(guess + wantedMs - shownMs);
}

const msOf = (time: string): number => (Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))) * 60_000;

function debtCut(question: CutCase): CutCheck[] {
  const debts = debtsOf(question);
  return [
    ...(question.policy.prepaid ? prepaidChecks(question) : overdueChecks(question, debts)),
    ...noticeChecks(question, debts),
    ...standingChecks(question, debts),
    protectionCheck(question),
    ...forbearanceChecks(question, debts),
    ...approvalChecks(question),
    ...calendarChecks(question),
    ...weatherCheck(question),
    ...paymentWindowCheck(question),
  ];
}

/** At the customer's own wish, or where nobody lives: an unprotected customer, a second person, a day and an hour at which it can be undone. */
const ordinaryCut = (question: CutCase): CutCheck[] => [
  protectionCheck(question),
  ...approvalChecks(question),
  ...calendarChecks(question),
  ...weatherCheck(question),
];

function meterChecks(facts: CutFacts): CutCheck[] {
  const off = `open interruptions: ${facts.openInterruptions.join(', ') || 'none'}; relay reported ${facts.reportedRelay ?? 'never'}`;
  const isFree = isUrgent(facts)
    ? !facts.openInterruptions.includes(facts.reason)
    : facts.openInterruptions.length === 0 && facts.reportedRelay !== 'OPEN';
  return [
    check(
      'KILL_SWITCH',
      !facts.killSwitchEngaged,
      facts.killSwitchEngaged ? 'engaged: no cut is sent' : 'not engaged',
      RELIGHT_RULE,
    ),
    check(
      'METER_INSTALLED',
      facts.installed,
      facts.installed ? 'a meter is installed' : 'no meter is installed here',
      RELIGHT_RULE,
    ),
    check(
      'SAME_INSTALLATION',
      facts.sameInstallation,
      facts.sameInstallation ? 'the installation is the one ordered' : 'the meter was exchanged since the order',
      { text: 'Relight safety rule: wrong-premise cut (停错电)', verified: true },
    ),
    check('NOT_ALREADY_OFF', isFree, off, RELIGHT_RULE),
  ];
}

function policyApplies({ facts, policy }: CutCase): CutCheck {
  const fits = isFor(policy.customerClasses, facts) && facts.paymentMode === policy.paymentMode;
  const customer = `${facts.customerClass}, ${facts.paymentMode}`;
  return check(
    'POLICY_APPLIES',
    fits,
    fits ? `${policy.code} for ${customer}` : `${policy.code} is not for ${customer}`,
    RELIGHT_RULE,
  );
}

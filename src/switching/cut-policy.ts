import type { ProtectionKind } from '../accounts/customer.js';
import type { InterruptionReason } from './interruption.js';
import { DEBT_REASONS, URGENT_REASONS } from './interruption.js';

/** Parameters of the floor under any cut. Data, validated at start; regional ladders stand on top of it (dunning). */
export interface CutPolicy {
  readonly timeZone: string;
  /** A bill counts once it is overdue by more than this many days (China, 电力供应与使用条例 art. 39: more than 30). */
  readonly minOverdueDays: number;
  readonly minDebtMinor: bigint;
  /** Days between the service of the written notice and the cut (供电营业规则 art. 67: 3 to 7). */
  readonly minNoticeDays: number;
  readonly maxNoticeDays: number;
  /** ISO weekdays, 1 = Monday. */
  readonly allowedWeekdays: readonly number[];
  /** Local hours [from, to): late in the day nobody can pay and be restored before the night. */
  readonly allowedHours: { readonly from: number; readonly to: number };
  /** Kinds of protection that forbid a cut for debt. */
  readonly protectedKinds: readonly ProtectionKind[];
}

/** Everything the decision needs, gathered under the account's lock; dates are local calendar days, hours local. */
export interface CutFacts {
  readonly reason: InterruptionReason;
  readonly killSwitchEngaged: boolean;
  readonly installed: boolean;
  /** The command's installation is the one in place now; true when there is no command yet. */
  readonly sameInstallation: boolean;
  readonly openInterruptions: readonly InterruptionReason[];
  readonly reportedRelay: 'OPEN' | 'CLOSED' | null;
  readonly bills: readonly {
    readonly billId: string;
    readonly outstandingMinor: bigint;
    readonly overdueDays: number;
  }[];
  readonly protections: readonly { readonly kind: ProtectionKind; readonly validUntil: string | null }[];
  readonly noticeServedDaysAgo: number | undefined;
  readonly approvedBy: string | undefined;
  readonly localDate: string;
  readonly localWeekday: number;
  readonly localHour: number;
  /** 'workday', 'holiday', 'eve' (day before a holiday) or 'unknown' (no calendar is published for this year). */
  readonly dayKind: 'workday' | 'holiday' | 'eve' | 'unknown';
}

export type CutCheckCode =
  | 'KILL_SWITCH'
  | 'METER_INSTALLED'
  | 'SAME_INSTALLATION'
  | 'NOT_ALREADY_OFF'
  | 'OVERDUE_DEBT'
  | 'NOTICE_SERVED'
  | 'NOT_PROTECTED'
  | 'APPROVED'
  | 'ALLOWED_DAY'
  | 'ALLOWED_HOUR';

/** One check with its evidence: passed, or a blocker. */
export interface CutCheck {
  readonly code: CutCheckCode;
  readonly passed: boolean;
  readonly evidence: string;
  readonly clause: string;
}

const check = (code: CutCheckCode, passed: boolean, evidence: string, clause: string): CutCheck => ({
  code,
  passed,
  evidence,
  clause,
});

const RELIGHT_RULE = 'Relight safety rule';

/**
 * Every check of a cut, passed and blocking, in a fixed order. Pure: the same function answers the operator's question,
 * the request, the approval and the last decision in the transaction that sends.
 */
export function cutChecks(facts: CutFacts, policy: CutPolicy): CutCheck[] {
  const always = [
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
      'Relight safety rule: wrong-premise cut (停错电)',
    ),
    check(
      'NOT_ALREADY_OFF',
      isUrgent(facts.reason)
        ? !facts.openInterruptions.includes(facts.reason)
        : facts.openInterruptions.length === 0 && facts.reportedRelay !== 'OPEN',
      `open interruptions: ${facts.openInterruptions.join(', ') || 'none'}; relay reported ${facts.reportedRelay ?? 'never'}`,
      RELIGHT_RULE,
    ),
  ];
  // Danger and proven theft: at once, also where power is off already: the cut's higher sequence bars every restore under way.
  if (isUrgent(facts.reason)) return always;
  const ordinary = ordinaryChecks(facts, policy);
  return DEBT_REASONS.includes(facts.reason)
    ? [...always, ...debtChecks(facts, policy), ...ordinary]
    : [...always, ...ordinary];
}

const isUrgent = (reason: InterruptionReason): boolean => URGENT_REASONS.includes(reason);

function debtChecks(facts: CutFacts, policy: CutPolicy): CutCheck[] {
  const overdue = facts.bills.filter((bill) => bill.overdueDays > policy.minOverdueDays);
  const overdueMinor = overdue.reduce((sum, bill) => sum + bill.outstandingMinor, 0n);
  const oldestDays = Math.max(0, ...facts.bills.map((bill) => bill.overdueDays));
  const served = facts.noticeServedDaysAgo;
  return [
    check(
      'OVERDUE_DEBT',
      overdueMinor > 0n && overdueMinor >= policy.minDebtMinor,
      `${overdueMinor} minor units overdue by more than ${policy.minOverdueDays} days; oldest open bill ${oldestDays} days`,
      '电力供应与使用条例 art. 39',
    ),
    check(
      'NOTICE_SERVED',
      served !== undefined && served >= policy.minNoticeDays && served <= policy.maxNoticeDays,
      served === undefined ? 'no served notice is on record' : `written notice served ${served} days ago`,
      `供电营业规则 art. 67 (${policy.minNoticeDays} to ${policy.maxNoticeDays} days)`,
    ),
  ];
}

/** What every cut needs that is not urgent: an unprotected customer, a second person, a day and an hour at which it can be undone. */
function ordinaryChecks(facts: CutFacts, policy: CutPolicy): CutCheck[] {
  const protections = facts.protections.filter(
    ({ kind, validUntil }) =>
      policy.protectedKinds.includes(kind) && (validUntil === null || validUntil >= facts.localDate),
  );
  return [
    check(
      'NOT_PROTECTED',
      protections.length === 0,
      protections.map(({ kind }) => kind).join(', ') || 'no protection on record',
      '民法典 art. 654; protected-customer rules',
    ),
    check(
      'APPROVED',
      facts.approvedBy !== undefined,
      facts.approvedBy ? `by ${facts.approvedBy}` : 'not yet',
      '供电营业规则 art. 67',
    ),
    check(
      'ALLOWED_DAY',
      policy.allowedWeekdays.includes(facts.localWeekday) && facts.dayKind === 'workday',
      `${facts.localDate}, weekday ${facts.localWeekday}, ${facts.dayKind === 'unknown' ? 'no holiday calendar is published for this year' : facts.dayKind}`,
      'no cut before a day on which nobody can pay and be restored',
    ),
    check(
      'ALLOWED_HOUR',
      facts.localHour >= policy.allowedHours.from && facts.localHour < policy.allowedHours.to,
      `hour ${facts.localHour} local, allowed ${policy.allowedHours.from} to ${policy.allowedHours.to}`,
      'no cut late in the day',
    ),
  ];
}

/** The checks that block. `except` leaves out those that a later step will ask for (approval, time of day). */
export const blockers = (checks: readonly CutCheck[], except: readonly CutCheckCode[] = []): CutCheck[] =>
  checks.filter(({ code, passed }) => !passed && !except.includes(code));

/** What a waiver does to the late fee of a bill: to what it would be today, and to what the ledger holds of it already. */
import type { LocalDate } from '../platform/local-date.js';
import { billDue, type ChargeableBill } from './amount-due-policy.js';
import { lateFee, type LateFee, type LateFeeWaiverFact } from './late-fee-policy.js';
import type { LateFeeRule } from './late-fee-rule.js';

/** What waiving comes to. */
export interface WaiverEffect {
  /** The fee up to today without and with the waiver, and the difference. */
  readonly beforeMinor: bigint;
  readonly effectMinor: bigint;
  /** What the ledger must hold instead of what it holds; undefined when that is right already. */
  readonly restated: LateFee | undefined;
  /** Of what was paid, more than is left of the fee: the customer's credit. */
  readonly freedMinor: bigint;
}

/**
 * @param bill with its late fee's facts
 * @param postedUpTo last day of what the ledger holds; null when it holds nothing
 */
export function waiverEffect(
  bill: ChargeableBill,
  rule: LateFeeRule,
  waiver: LateFeeWaiverFact,
  days: { readonly postedUpTo: LocalDate | null; readonly today: LocalDate },
): WaiverEffect {
  const facts = bill.lateFeeFacts!;
  const { lateFeePostedMinor: postedMinor } = bill;
  const withWaiver = { ...facts, waivers: [...facts.waivers, waiver] };
  // Entered anew only up to the day it was entered to: what has grown since is not due yet.
  const anew = days.postedUpTo === null ? undefined : lateFee(withWaiver, rule, days.postedUpTo);
  const restated = anew && anew.totalMinor < postedMinor ? anew : undefined;
  const standingMinor = restated?.totalMinor ?? postedMinor;
  const todayMinor = lateFee(withWaiver, rule, days.today).totalMinor;
  const afterMinor = todayMinor > standingMinor ? todayMinor : standingMinor;
  const beforeMinor = billDue(bill, rule, days.today).lateFeeTotalMinor;
  const paidMinor = postedMinor - bill.lateFeeOutstandingMinor;
  return {
    beforeMinor,
    effectMinor: beforeMinor - afterMinor,
    restated,
    freedMinor: paidMinor > standingMinor ? paidMinor - standingMinor : 0n,
  };
}

/** A part of a paid late fee that becomes credit again, and the payment that paid it; null: credit that no payment brought had paid it. */
export interface FreedPart {
  readonly paymentId: string | null;
  readonly amountMinor: bigint;
}

/** Takes an amount back from payments, in the order given; what they did not pay was paid from credit, and is credit again. */
export function takeBack(
  fromPayments: readonly { readonly paymentId: string; readonly paidMinor: bigint }[],
  freedMinor: bigint,
): FreedPart[] {
  let leftMinor = freedMinor;
  const taken = fromPayments.flatMap(({ paymentId, paidMinor }): FreedPart[] => {
    const amountMinor = paidMinor < leftMinor ? paidMinor : leftMinor;
    leftMinor -= amountMinor;
    return amountMinor > 0n ? [{ paymentId, amountMinor }] : [];
  });
  return leftMinor > 0n ? [...taken, { paymentId: null, amountMinor: leftMinor }] : taken;
}

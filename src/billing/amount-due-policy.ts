/**
 * What is to be paid on a date, bill by bill, and what of it must be entered in the ledger first. The quote at the counter and the payment
 * itself ask this one function, so what was quoted is what settles.
 */
import type { LocalDate } from '../platform/local-date.js';
import type { OpenBill } from './allocation-policy.js';
import { adjustment, lateFee, type LateFeeFacts, type LateFeeLine } from './late-fee-policy.js';
import type { LateFeeRule } from './late-fee-rule.js';

/** An open bill with what its late fee rests on; null where none is asked for (nothing overdue, no rule in force). */
export interface ChargeableBill extends OpenBill {
  /** Late fee in the ledger, paid or not. */
  readonly lateFeePostedMinor: bigint;
  readonly lateFeeFacts: LateFeeFacts | null;
}

/** What one bill takes on a date. */
export interface BillDue {
  readonly billId: string;
  readonly dueDate: LocalDate;
  /** Open principal and open late fee, the fee up to the date included. */
  readonly principalMinor: bigint;
  readonly lateFeeMinor: bigint;
  /** The whole late fee up to the date, paid or not, and how it comes about: the lines add up to it. */
  readonly lateFeeTotalMinor: bigint;
  readonly lines: readonly LateFeeLine[];
  /** What of it the ledger does not hold yet. */
  readonly chargeMinor: bigint;
}

/** Late fee to be entered for a bill; the lines add up to the amount. */
export interface LateFeeCharge {
  readonly billId: string;
  readonly amountMinor: bigint;
  readonly lines: readonly LateFeeLine[];
}

const POSTED_BEFORE = 'charged before';

/**
 * What a bill takes on a date. A fee once entered is never lowered by computing again (a payment whose value date lies before the entry):
 * that is a waiver's matter, with a person and a reason. Until then the entered fee stands, and a POSTED line says so.
 */
export function billDue(bill: ChargeableBill, rule: LateFeeRule | null, onDate: LocalDate): BillDue {
  const { billId, dueDate, lateFeePostedMinor: postedMinor } = bill;
  const fee =
    rule && bill.lateFeeFacts ? lateFee(bill.lateFeeFacts, rule, onDate) : { totalMinor: postedMinor, lines: [] };
  const chargeMinor = fee.totalMinor > postedMinor ? fee.totalMinor - postedMinor : 0n;
  const standsMinor = postedMinor + chargeMinor - fee.totalMinor;
  return {
    billId,
    dueDate,
    principalMinor: bill.principalOutstandingMinor,
    lateFeeMinor: bill.lateFeeOutstandingMinor + chargeMinor,
    lateFeeTotalMinor: postedMinor + chargeMinor,
    lines: standsMinor > 0n ? [...fee.lines, postedLine(bill, onDate, standsMinor)] : fee.lines,
    chargeMinor,
  };
}

/** What must be entered for a bill before money is allocated to it; undefined when the ledger holds it all. */
export function chargeOf({
  billId,
  lateFeeTotalMinor,
  lines,
  chargeMinor,
  ...due
}: BillDue): LateFeeCharge | undefined {
  if (chargeMinor === 0n) return undefined;
  const postedMinor = lateFeeTotalMinor - chargeMinor;
  if (postedMinor === 0n) return { billId, amountMinor: chargeMinor, lines };
  return { billId, amountMinor: chargeMinor, lines: [...lines, postedLine(due, lines.at(-1)!.toDate, -postedMinor)] };
}

const postedLine = ({ dueDate }: { readonly dueDate: LocalDate }, to: LocalDate, amountMinor: bigint): LateFeeLine =>
  adjustment('POSTED', { from: dueDate, to }, amountMinor, POSTED_BEFORE);

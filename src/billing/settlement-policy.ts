/** What a payment does to the bills of an account: the late fees it makes due are entered first, then the money is allocated. */
import type { LocalDate } from '../platform/local-date.js';
import { allocate, type AllocatedPayment } from './allocation-policy.js';
import { billDue, chargeOf, type ChargeableBill, type LateFeeCharge } from './amount-due-policy.js';
import type { LateFeeRule } from './late-fee-rule.js';

/** Late fees to enter, then what the money settles. */
export interface Settlement extends AllocatedPayment {
  readonly charges: readonly LateFeeCharge[];
}

/** The last day whose late fee a payment bears: its value date, but never a day that has not come. */
export const lateFeesUpTo = (valueDate: LocalDate, today: LocalDate): LocalDate =>
  valueDate < today ? valueDate : today;

/** Plans the settlement. The fee of every overdue bill is entered up to the day the money counts, whether the money reaches it or not. */
export function planSettlement(input: {
  readonly amountMinor: bigint;
  readonly bills: readonly ChargeableBill[];
  readonly rule: LateFeeRule | null;
  readonly valueDate: LocalDate;
  readonly today: LocalDate;
}): Settlement {
  const { amountMinor, bills, rule, today } = input;
  const onDate = lateFeesUpTo(input.valueDate, today);
  const dues = bills.map((bill) => billDue(bill, rule, onDate));
  const plan = allocate({
    amountMinor,
    bills: bills.map((bill, index) => ({ ...bill, lateFeeOutstandingMinor: dues[index]!.lateFeeMinor })),
    overdueBefore: today,
  });
  return { ...plan, charges: dues.flatMap((due) => chargeOf(due) ?? []) };
}

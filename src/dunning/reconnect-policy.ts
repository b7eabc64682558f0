import type { LocalDate } from '../platform/local-date.js';
import type { DunningPolicy } from './policy-schema.js';

/** What is left to pay on a bill, minor units. */
export interface OutstandingBill {
  readonly dueDate: LocalDate;
  readonly principalOutstandingMinor: bigint;
  readonly lateFeeOutstandingMinor: bigint;
}

/**
 * Whether enough has been paid that debt no longer keeps the power off, "paid in full" (交清) as the policy means it. Bills that are not due
 * yet are no reason for the dark. Where no policy applies, nothing overdue may be left.
 *
 * @param balanceMinor credit less everything due
 * @param debtAtCutMinor what was overdue when the cut was sent; null: unknown, and then PERCENT means all of it
 */
export function mayReconnect(
  facts: {
    readonly bills: readonly OutstandingBill[];
    readonly balanceMinor: bigint;
    readonly debtAtCutMinor: bigint | null;
  },
  reconnect: DunningPolicy['reconnect'] | undefined,
  today: LocalDate,
): boolean {
  if (reconnect?.threshold === 'BALANCE_ABOVE_ZERO') return facts.balanceMinor > 0n;
  const withFees = reconnect?.includeLateFees ?? true;
  const left = facts.bills
    .filter(({ dueDate }) => dueDate < today)
    .reduce((sum, bill) => sum + bill.principalOutstandingMinor + (withFees ? bill.lateFeeOutstandingMinor : 0n), 0n);
  if (left === 0n) return true;
  if (reconnect?.threshold !== 'PERCENT' || facts.debtAtCutMinor === null) return false;
  return left * 100n <= facts.debtAtCutMinor * BigInt(100 - reconnect.percent);
}

/**
 * Which debt a payment settles. Values in, value out, and every minor unit is accounted for: what is allocated and what becomes
 * credit add up to the amount.
 */
import type { LocalDate } from '../platform/local-date.js';

/**
 * The order of settlement, as data.
 * - `OLDEST_FIRST_PRINCIPAL_FIRST` (the default): all principal of a group, oldest due first, before any late fee. It favours the
 *   customer: late fees stop growing soonest.
 * - `OLDEST_FIRST_LATE_FEE_FIRST`: all late fees, oldest due first, before any principal, where the contract says so.
 */
export const ALLOCATION_RULES = ['OLDEST_FIRST_PRINCIPAL_FIRST', 'OLDEST_FIRST_LATE_FEE_FIRST'] as const;
export type AllocationRule = (typeof ALLOCATION_RULES)[number];

/** What is still owed on a bill. */
export interface OpenBill {
  billId: string;
  dueDate: LocalDate;
  issuedAt: Date;
  principalOutstandingMinor: bigint;
  lateFeeOutstandingMinor: bigint;
}

/** What a payment settles of one bill; at least one of the two is positive. */
export interface Allocation {
  billId: string;
  principalMinor: bigint;
  lateFeeMinor: bigint;
}

/** A payment's allocations, in the order in which the bills were reached, and what is left as credit. */
export interface AllocatedPayment {
  allocations: Allocation[];
  creditMinor: bigint;
}

type Part = 'PRINCIPAL' | 'LATE_FEE';

const PARTS_IN_ORDER: Record<AllocationRule, [Part, Part]> = {
  OLDEST_FIRST_PRINCIPAL_FIRST: ['PRINCIPAL', 'LATE_FEE'],
  OLDEST_FIRST_LATE_FEE_FIRST: ['LATE_FEE', 'PRINCIPAL'],
};

/**
 * Allocates an amount to open bills. Bills due on the same date are taken by time of issue, then by id, so that the same facts always
 * give the same answer, whatever their order.
 *
 * `overdueBefore` divides the bills: those due before it are settled whole, principal and late fees, before anything that is not due yet.
 * Otherwise money for what is overdue would run into a bill that has time, and leave a late fee that keeps the power off.
 *
 * `firstBillId` names a bill that is settled whole before all others (the customer said what the money is for). A named bill that is
 * not among `bills` changes nothing: a payment is a fact and is never refused for what it was meant for.
 *
 * @throws RangeError for a negative amount, a negative debt or a bill listed twice.
 */
export function allocate(input: {
  amountMinor: bigint;
  bills: readonly OpenBill[];
  rule?: AllocationRule;
  firstBillId?: string;
  overdueBefore?: LocalDate;
}): AllocatedPayment {
  const { amountMinor, bills, rule = 'OLDEST_FIRST_PRINCIPAL_FIRST', firstBillId, overdueBefore } = input;
  checkFacts(amountMinor, bills);
  const parts = PARTS_IN_ORDER[rule];
  const oldestFirst = [...bills].sort(byAge);
  const named = oldestFirst.filter((bill) => bill.billId === firstBillId);
  const others = oldestFirst.filter((bill) => bill.billId !== firstBillId);
  const isOverdue = ({ dueDate }: OpenBill): boolean => overdueBefore !== undefined && dueDate < overdueBefore;
  const overdue = others.filter(isOverdue);
  const notDue = others.filter((bill) => !isOverdue(bill));

  const allocations = new Map<string, Allocation>();
  let leftMinor = amountMinor;
  for (const group of [named, overdue, notDue]) {
    for (const part of parts) {
      for (const bill of group) leftMinor -= settle(part, bill, leftMinor, allocations);
    }
  }
  return { allocations: [...allocations.values()], creditMinor: leftMinor };
}

/** Settles one part of one bill from what is left, and returns the amount taken. */
function settle(part: Part, bill: OpenBill, leftMinor: bigint, allocations: Map<string, Allocation>): bigint {
  const owedMinor = part === 'PRINCIPAL' ? bill.principalOutstandingMinor : bill.lateFeeOutstandingMinor;
  const takenMinor = owedMinor < leftMinor ? owedMinor : leftMinor;
  if (takenMinor === 0n) return 0n;
  const allocation = allocations.get(bill.billId) ?? { billId: bill.billId, principalMinor: 0n, lateFeeMinor: 0n };
  if (part === 'PRINCIPAL') allocation.principalMinor += takenMinor;
  else allocation.lateFeeMinor += takenMinor;
  allocations.set(bill.billId, allocation);
  return takenMinor;
}

function byAge(one: OpenBill, other: OpenBill): number {
  if (one.dueDate !== other.dueDate) return one.dueDate < other.dueDate ? -1 : 1;
  const issuedApartMs = one.issuedAt.getTime() - other.issuedAt.getTime();
  if (issuedApartMs !== 0) return issuedApartMs;
  return one.billId < other.billId ? -1 : 1;
}

function checkFacts(amountMinor: bigint, bills: readonly OpenBill[]): void {
  if (amountMinor < 0n)
    throw new RangeError(`Cannot allocate ${amountMinor}; a reversal is a ledger entry of its own.`);
  if (new Set(bills.map((bill) => bill.billId)).size !== bills.length) {
    throw new RangeError('Cannot allocate to a bill listed twice; pass each open bill once.');
  }
  const negative = bills.find((bill) => bill.principalOutstandingMinor < 0n || bill.lateFeeOutstandingMinor < 0n);
  if (negative)
    throw new RangeError(`Bill ${negative.billId} has a negative debt; what was overpaid belongs in the credit.`);
}

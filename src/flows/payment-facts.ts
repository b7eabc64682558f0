import type { LockedAccount } from '../accounts/accounts.js';
import type { ChargeableBill } from '../billing/amount-due-policy.js';
import { CHARGEABLE_COLUMNS, chargeableBills } from '../billing/late-fees.js';
import { lateFeesUpTo, planSettlement, type Settlement } from '../billing/settlement-policy.js';
import { statement, type Tx } from '../platform/database.js';
import { localDate, type LocalDate } from '../platform/local-date.js';
import type { FlowContext } from './context.js';
import { lateFeeRuleFor } from './late-fee-rules.js';

/** An open bill as {@link FACTS} reads it. */
type OpenBillRow = Omit<ChargeableBill, 'lateFeeFacts'>;

const FACTS = statement(
  'payment-facts',
  `SELECT c.concerned, ${CHARGEABLE_COLUMNS}
   FROM (SELECT EXISTS (SELECT FROM switch_command WHERE account_id = $1 AND operation = 'CUT' AND ended_at IS NULL)
             OR EXISTS (SELECT FROM service_point sp JOIN interruption i ON i.service_point_id = sp.id AND i.closed_at IS NULL WHERE sp.account_id = $1) AS concerned) c
   LEFT JOIN bill b ON b.account_id = $1 AND (b.paid_minor < b.total_minor OR b.late_fee_paid_minor < b.late_fee_minor)
   ORDER BY b.due_date, b.id`,
);

/** What a payment will do, and whether supply is concerned: only then is there a debt interruption or an open cut to look at. */
export interface PlannedSettlement extends Settlement {
  readonly supplyConcerned: boolean;
}

/** Money whose account is unknown settles nothing. */
export const settlesNothing = (amountMinor: bigint): PlannedSettlement => ({
  allocations: [],
  creditMinor: amountMinor,
  charges: [],
  supplyConcerned: false,
});

/**
 * Reads the facts and plans what the money settles; the account must be locked by this transaction. One round trip; one more, for what
 * late fees rest on, when a bill is overdue. (Reading that in the first, though only where needed, costs every payment 0.2 ms.)
 */
export async function settlementOf(
  ctx: FlowContext,
  tx: Tx,
  account: LockedAccount,
  money: { readonly amountMinor: bigint; readonly valueDate: LocalDate; readonly at: Date },
): Promise<PlannedSettlement> {
  const { timeZone } = ctx;
  const rule = lateFeeRuleFor(ctx, account);
  const { amountMinor, valueDate } = money;
  const today = localDate(money.at, timeZone);
  const rows = await tx.rows<OpenBillRow & { billId: string | null; concerned: boolean }>(FACTS, [account.id]);
  const open = rows.filter(({ billId }) => billId !== null);
  const lateOn = lateFeesUpTo(valueDate, today);
  const late = rule ? open.filter(({ dueDate }) => dueDate < lateOn).map(({ billId }) => billId) : [];
  const charged = new Map(
    late.length > 0 ? (await chargeableBills(tx, late, timeZone)).map((bill) => [bill.billId, bill]) : [],
  );
  const bills = open.map((bill) => charged.get(bill.billId) ?? { ...bill, lateFeeFacts: null });
  return {
    ...planSettlement({ amountMinor, bills, rule, valueDate, today }),
    supplyConcerned: rows[0]!.concerned,
  };
}

import { statement, type Tx } from '../platform/database.js';
import type { OpenBill } from '../billing/allocation-policy.js';

/** What a payment must know of its account, read in one round trip under the account's lock. */
export interface PaymentFacts {
  readonly bills: readonly OpenBill[];
  /** Whether a debt interruption or an open cut stands at one of the account's service points: only then has a payment to do with supply. */
  readonly supplyConcerned: boolean;
}

const FACTS = statement(
  'payment-facts',
  `SELECT c.concerned, b.id AS "billId", b.due_date AS "dueDate", b.issued_at AS "issuedAt",
          b.total_minor - b.paid_minor AS "principalOutstandingMinor", b.late_fee_minor - b.late_fee_paid_minor AS "lateFeeOutstandingMinor"
   FROM (SELECT EXISTS (SELECT FROM switch_command WHERE account_id = $1 AND operation = 'CUT' AND ended_at IS NULL)
             OR EXISTS (SELECT FROM service_point sp JOIN interruption i ON i.service_point_id = sp.id AND i.closed_at IS NULL WHERE sp.account_id = $1) AS concerned) c
   LEFT JOIN bill b ON b.account_id = $1 AND (b.paid_minor < b.total_minor OR b.late_fee_paid_minor < b.late_fee_minor)
   ORDER BY b.due_date, b.id`,
);

/** Reads the facts; the account must be locked by this transaction. */
export async function paymentFacts(tx: Tx, accountId: string): Promise<PaymentFacts> {
  const rows = await tx.rows<OpenBill & { billId: string | null; concerned: boolean }>(FACTS, [accountId]);
  return { supplyConcerned: rows[0]!.concerned, bills: rows.filter(({ billId }) => billId !== null) };
}

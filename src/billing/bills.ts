import { statement, type Tx } from '../platform/database.js';
import type { OpenBill } from './allocation-policy.js';

export type { OpenBill };

const OPEN_BILLS = statement(
  'bill-open',
  `SELECT id AS "billId", due_date AS "dueDate", issued_at AS "issuedAt", total_minor - paid_minor AS "principalOutstandingMinor",
          late_fee_minor - late_fee_paid_minor AS "lateFeeOutstandingMinor"
   FROM bill WHERE account_id = $1 AND (paid_minor < total_minor OR late_fee_paid_minor < late_fee_minor) ORDER BY due_date, id`,
);

/** Bills of an account that are not fully paid, oldest due first. */
export const openBills = (tx: Pick<Tx, 'rows'>, accountId: string): Promise<OpenBill[]> =>
  tx.rows<OpenBill>(OPEN_BILLS, [accountId]);

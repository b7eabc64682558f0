import { statement, type Tx } from '../platform/database.js';

const CREDIT = statement(
  'compensation-credit',
  `WITH balance AS (UPDATE account SET credit_minor = credit_minor + $2 WHERE id = $1 RETURNING id, currency)
   INSERT INTO ledger_entry (at, kind, debit_code, debit_account_id, credit_code, credit_account_id, amount_minor, currency)
   SELECT $3, 'COMPENSATION', 'COMPENSATION', NULL, 'CUSTOMER_CREDIT', id, $2, currency FROM balance RETURNING id`,
);

/**
 * Enters a compensation (赔偿): an expense of the company that becomes the customer's credit and pays the next bills like any other credit.
 * The account must be locked. Returns the id of the ledger entry, which the case names.
 */
export async function creditCompensation(tx: Tx, accountId: string, amountMinor: bigint, at: Date): Promise<bigint> {
  return (await tx.rows<{ id: bigint }>(CREDIT, [accountId, amountMinor, at]))[0]!.id;
}

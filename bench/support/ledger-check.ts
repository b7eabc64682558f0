import type pg from 'pg';
import { equal, type Check } from './report.js';

const WRONG_BALANCES = `
  WITH entries AS (
    SELECT debit_account_id AS account_id, debit_code AS code, amount_minor AS amount FROM ledger_entry WHERE debit_account_id IS NOT NULL
    UNION ALL SELECT credit_account_id, credit_code, -amount_minor FROM ledger_entry WHERE credit_account_id IS NOT NULL),
  sums AS (
    SELECT account_id, coalesce(sum(amount) FILTER (WHERE code = 'RECEIVABLE'), 0) AS due, -coalesce(sum(amount) FILTER (WHERE code = 'CUSTOMER_CREDIT'), 0) AS credit
    FROM entries GROUP BY account_id)
  SELECT count(*)::int AS n FROM account a LEFT JOIN sums s ON s.account_id = a.id
  WHERE a.due_minor <> coalesce(s.due, 0) OR a.credit_minor <> coalesce(s.credit, 0)`;

const WRONG_PAYMENTS = `
  SELECT count(*)::int AS n FROM payment p
  WHERE p.amount_minor <> (SELECT coalesce(sum(e.amount_minor), 0) FROM ledger_entry e WHERE e.payment_id = p.id)`;

/** The ledger tells the same as the balances kept beside it, and every payment is in it with its whole amount, once. */
export async function ledgerChecks(database: pg.Client): Promise<Check[]> {
  const count = async (sql: string): Promise<number> => (await database.query<{ n: number }>(sql)).rows[0]!.n;
  return [
    equal('accounts whose balance differs from the ledger', await count(WRONG_BALANCES), 0),
    equal('payments whose ledger entries differ from their amount', await count(WRONG_PAYMENTS), 0),
  ];
}

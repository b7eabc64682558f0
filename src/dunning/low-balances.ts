import { statement, type Reader } from '../platform/database.js';
import type { DunningPolicy } from './policy-schema.js';

/** The line below which a prepaid account is cut, emergency credit included. */
export const cutLineMinor = ({ prepaid }: DunningPolicy): bigint | undefined =>
  prepaid ? prepaid.cutBelowMinor - prepaid.emergencyCreditMinor : undefined;

/** Every "at or below" line that a prepaid policy asks about: its warning lines, and the last unit below the line of the cut. */
export function linesOf(policy: DunningPolicy): bigint[] {
  const cutLine = cutLineMinor(policy);
  if (cutLine === undefined) return [];
  const lines = policy.steps.flatMap(({ when }) => (when.from === 'BALANCE' ? [when.atOrBelowMinor] : []));
  return [...new Set([...lines, cutLine - 1n])];
}

/** An account and a line that its balance is at or below now. */
export interface LowLine {
  readonly accountId: string;
  readonly atOrBelowMinor: bigint;
}

// The ledger tells when the balance last fell to the line: at the first entry after the last one that left it above.
const LOW_SINCE = statement(
  'low-balance-since',
  `WITH moves AS MATERIALIZED (
     SELECT m.account_id, m.id, m.at, sum(m.amount) OVER (PARTITION BY m.account_id ORDER BY m.id) AS balance
     FROM (
       SELECT e.debit_account_id AS account_id, e.id, e.at, -e.amount_minor AS amount FROM ledger_entry e
       WHERE e.debit_account_id = ANY($1::uuid[]) AND e.credit_account_id IS NULL
       UNION ALL
       SELECT e.credit_account_id, e.id, e.at, e.amount_minor FROM ledger_entry e
       WHERE e.credit_account_id = ANY($1::uuid[]) AND e.debit_account_id IS NULL) m),
   asked AS (SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS x (account_id, line)),
   above AS (
     SELECT q.account_id, q.line, max(m.id) AS id FROM asked q JOIN moves m ON m.account_id = q.account_id AND m.balance > q.line GROUP BY 1, 2)
   SELECT q.account_id AS "accountId", q.line AS "atOrBelowMinor", coalesce(min(m.at), min(a.opened_at)) AS since
   FROM asked q JOIN account a ON a.id = q.account_id
   LEFT JOIN above h ON h.account_id = q.account_id AND h.line = q.line
   LEFT JOIN moves m ON m.account_id = q.account_id AND m.id > coalesce(h.id, 0)
   GROUP BY 1, 2`,
);

/**
 * Since when the balance of each account has been at or below its line, by the ledger. (Entries between two sides of one account, such as
 * credit applied to a bill, do not change the balance.)
 */
export async function lowSinceOf(
  tx: Reader,
  lines: readonly LowLine[],
): Promise<(LowLine & { readonly since: Date })[]> {
  if (lines.length === 0) return [];
  return tx.rows<LowLine & { since: Date }>(LOW_SINCE, [
    lines.map(({ accountId }) => accountId),
    lines.map(({ atOrBelowMinor }) => atOrBelowMinor),
  ]);
}

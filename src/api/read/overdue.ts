import { statement } from '../../platform/database.js';
import type { ApiContext } from '../context.js';
import { today } from './today.js';

// The same condition as in flows/release-supply: a bill counts once its due date lies before today.
const OVERDUE = statement(
  'api-overdue',
  `SELECT account_id AS "accountId", sum(total_minor - paid_minor + late_fee_minor - late_fee_paid_minor)::bigint AS "overdueMinor"
   FROM bill WHERE account_id = ANY($1::uuid[]) AND due_date < $2
     AND (paid_minor < total_minor OR late_fee_paid_minor < late_fee_minor) GROUP BY account_id`,
);

/** What an account owes past its due date, minor units: pay it, and no debt keeps the power off. */
export function overdueOfAccount(ctx: ApiContext, accountId: string): Promise<bigint> {
  return ctx.scope
    .loader<string, bigint>('overdue', async (accountIds) => {
      const rows = await ctx.api.deps.flows.db.rows<{ accountId: string; overdueMinor: bigint }>(OVERDUE, [
        accountIds,
        today(ctx),
      ]);
      const byAccount = new Map(rows.map((row) => [row.accountId, row.overdueMinor]));
      return accountIds.map((id) => byAccount.get(id) ?? 0n);
    })
    .load(accountId);
}

import { lockAccount } from '../accounts/accounts.js';
import { MAX_SETTLEMENTS_PER_MONTH } from '../billing/settlement-calendar-policy.js';
import { recordAudit, type Actor } from '../platform/audit.js';
import { statement } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import type { FlowContext } from './context.js';

const SET = statement(
  'settlement-cycle-set',
  `WITH old AS (SELECT id, settlements_per_month AS earlier FROM account WHERE id = $1)
   UPDATE account a SET settlements_per_month = $2 FROM old WHERE a.id = old.id RETURNING old.earlier`,
);

/**
 * Sets how many times a month an account is settled: more than once for large customers whose use is unstable. It holds from the next
 * settlement day on; what is billed stays billed.
 *
 * @throws UserError ACCOUNT_NOT_FOUND, SETTLEMENTS_OUT_OF_RANGE, IDEMPOTENCY_KEY_REUSED
 */
export async function setSettlementCycle(
  ctx: Pick<FlowContext, 'db' | 'clock' | 'nudges'>,
  change: {
    readonly accountId: string;
    readonly settlementsPerMonth: number;
    readonly note: string;
    readonly idempotencyKey: string;
  },
  actor: Actor,
): Promise<{ readonly accountId: string; readonly replayed: boolean }> {
  const { accountId, settlementsPerMonth, note } = change;
  if (
    !Number.isInteger(settlementsPerMonth) ||
    settlementsPerMonth < 1 ||
    settlementsPerMonth > MAX_SETTLEMENTS_PER_MONTH
  ) {
    throw new UserError(
      'SETTLEMENTS_OUT_OF_RANGE',
      `An account is settled 1 to ${MAX_SETTLEMENTS_PER_MONTH} times a month.`,
      'settlementsPerMonth',
    );
  }
  return ctx.db.transaction('set-settlement-cycle', async (tx) => {
    const at = ctx.clock.now();
    const content = { accountId, settlementsPerMonth, note };
    return once(tx, { key: change.idempotencyKey, act: 'set-settlement-cycle', content, at }, async () => {
      if (!(await lockAccount(tx, accountId))) {
        throw new UserError(
          'ACCOUNT_NOT_FOUND',
          'There is no such account. Look it up by its number.',
          'accountNumber',
        );
      }
      const [old] = await tx.rows<{ earlier: number }>(SET, [accountId, settlementsPerMonth]);
      await recordAudit(tx, at, actor, [
        {
          act: 'account.settlement-cycle-set',
          subjectType: 'Account',
          subjectId: accountId,
          accountId,
          reason: note,
          detail: { earlier: old!.earlier, settlementsPerMonth },
        },
      ]);
      tx.afterCommit(() => ctx.nudges.nudge('changed', [accountId]));
      return { accountId };
    });
  });
}

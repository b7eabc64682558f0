import { lockAccount } from '../accounts/accounts.js';
import { openCasesOf } from '../dunning/dunning-cases.js';
import type { Actor } from '../platform/audit.js';
import { statement } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import type { FlowContext } from './context.js';
import { ladderOfAccounts } from './ladder-of-accounts.js';
import { prepareNotices } from './prepare-notices.js';

/** A failed notice to be given again, after whatever made it fail was put right. */
export interface Renewal {
  readonly noticeId: string;
  readonly note: string;
  readonly idempotencyKey: string;
}

const ACCOUNT_OF = statement(
  'renew-notice-account',
  `SELECT account_id AS "accountId" FROM notice WHERE id = $1 AND step_code IS NOT NULL AND copy_of_id IS NULL`,
);

/**
 * Prepares a failed step of the ladder again, with today's amounts and today's contacts. The failed notice stays on record.
 *
 * @throws UserError NOTICE_NOT_FOUND, NOTICE_NOT_FAILED, IDEMPOTENCY_KEY_REUSED
 */
export async function renewNotice(
  ctx: FlowContext,
  renewal: Renewal,
  actor: Actor,
): Promise<{ noticeId: string; replayed: boolean }> {
  const { noticeId, note } = renewal;
  return ctx.db.transaction('renew-notice', async (tx) => {
    const at = ctx.clock.now();
    return once(tx, { key: renewal.idempotencyKey, act: 'renew-notice', content: { noticeId, note }, at }, async () => {
      const [notice] = await tx.rows<{ accountId: string }>(ACCOUNT_OF, [noticeId]);
      if (!notice)
        throw new UserError('NOTICE_NOT_FOUND', 'There is no such notice of a step. Look it up again.', 'noticeId');
      const { accountId } = notice;
      await lockAccount(tx, accountId);
      const found = (await ladderOfAccounts(ctx, tx, [accountId], at)).get(accountId);
      const view = found?.ladder.steps.find((step) => step.noticeId === noticeId);
      if (!found || view?.reasonCode !== 'NOTICE_FAILED')
        throw new UserError(
          'NOTICE_NOT_FAILED',
          'Only a notice that failed, of the debt that is dunned now, can be prepared again. Look at the ladder of the account.',
          'noticeId',
        );
      const { facts, inForce } = found;
      const step = inForce.policy.steps.find(({ code }) => code === view.code)!;
      const caseId = (await openCasesOf(tx, [accountId])).get(accountId)?.caseId ?? null;
      const [made] = await prepareNotices(tx, [{ facts, inForce, step, caseId }], { actor, at });
      tx.afterCommit(() => {
        ctx.nudges.nudge('notices');
        ctx.nudges.nudge('changed', [accountId]);
      });
      return { noticeId: made! };
    });
  });
}

import { lockAccount } from '../accounts/accounts.js';
import { openCasesOf } from '../dunning/dunning-cases.js';
import { pausesOfAccounts } from '../dunning/dunning-pauses.js';
import { ladderFor } from '../dunning/ladder-policy.js';
import type { Actor } from '../platform/audit.js';
import { statement } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { localDate } from '../platform/local-date.js';
import type { FlowContext } from './context.js';
import { accountFactsOf } from './gather-account-facts.js';
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
      const [found] = await tx.rows<{ accountId: string }>(ACCOUNT_OF, [noticeId]);
      if (!found)
        throw new UserError('NOTICE_NOT_FOUND', 'There is no such notice of a step. Look it up again.', 'noticeId');
      const { accountId } = found;
      await lockAccount(tx, accountId);
      const facts = (await accountFactsOf(ctx, tx, [accountId], at)).get(accountId)!;
      const inForce = ctx.policies.of(facts.customerClass, facts.paymentMode);
      const pauses = (await pausesOfAccounts(tx, [accountId], localDate(at, ctx.timeZone))).get(accountId);
      const view =
        inForce && ladderFor(facts, inForce.policy, at, pauses).steps.find((step) => step.noticeId === noticeId);
      if (!inForce || view?.reasonCode !== 'NOTICE_FAILED')
        throw new UserError(
          'NOTICE_NOT_FAILED',
          'Only a notice that failed, of the debt that is dunned now, can be prepared again. Look at the ladder of the account.',
          'noticeId',
        );
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

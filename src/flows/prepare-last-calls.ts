import type { LadderFacts } from '../dunning/ladder.js';
import type { PolicyInForce } from '../dunning/policies-in-force.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import type { FlowContext } from './context.js';
import { prepareNotices } from './prepare-notices.js';
import { withdrawNotices } from './withdraw-notices.js';

/** A customer to be told once more, just before the cut. */
export interface LastCall {
  readonly accountId: string;
  readonly policy: PolicyInForce;
  readonly facts: LadderFacts;
  /** Product time of the cut, as it is told to the customer. */
  readonly announcedAt: Date;
}

const EARLIER = statement(
  'last-calls-earlier',
  `SELECT id FROM notice WHERE account_id = ANY($1::uuid[]) AND purpose = 'LAST_CALL' AND state IN ('PREPARED', 'SENT')`,
);
const OPEN_CASES = statement(
  'last-calls-cases',
  `SELECT id, account_id AS "accountId" FROM dunning_case WHERE account_id = ANY($1::uuid[]) AND closed_at IS NULL`,
);

/**
 * Puts the last calls (停电前再次通知) on record, to be sent at once. One that is still under way names another hour, so it is taken back. The
 * accounts must be locked.
 */
export async function prepareLastCalls(
  ctx: FlowContext,
  tx: Tx,
  calls: readonly LastCall[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  if (calls.length === 0) return;
  const ids = calls.map(({ accountId }) => accountId);
  const earlier = await tx.rows<{ id: string }>(EARLIER, [ids]);
  await withdrawNotices(
    tx,
    earlier.map(({ id }) => ({ noticeId: id, code: 'DEBT_RENEWED', reason: 'the cut is announced for another hour' })),
    by,
  );
  const cases = new Map(
    (await tx.rows<{ id: string; accountId: string }>(OPEN_CASES, [ids])).map((one) => [one.accountId, one.id]),
  );
  await prepareNotices(
    tx,
    calls.map(({ accountId, policy, facts, announcedAt }) => ({
      facts,
      inForce: policy,
      step: null,
      caseId: cases.get(accountId) ?? null,
      cutAt: announcedAt,
    })),
    by,
  );
  tx.afterCommit(() => ctx.nudges.nudge('notices'));
}

import { queueRun } from '../billing/billing-runs.js';
import type { Actor } from '../platform/audit.js';
import { statement } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { localDate } from '../platform/local-date.js';
import type { BillingContext } from './issue-bills.js';

const DISTRICT = statement('start-billing-run-district', `SELECT id FROM transformer_district WHERE id = $1`);

/** A billing run to be started: over a district, or with null over the company, up to a local day, exclusive. */
export interface BillingRunRequest {
  readonly districtId: string | null;
  readonly periodTo: string;
  readonly note: string;
  readonly idempotencyKey: string;
}

/**
 * Queues a billing run; the jobs process works it off. Returns at once. While one for the same scope and day is open, that one is
 * returned.
 *
 * @throws UserError DISTRICT_NOT_FOUND, PERIOD_NOT_OVER, IDEMPOTENCY_KEY_REUSED
 */
export async function startBillingRun(
  ctx: BillingContext,
  request: BillingRunRequest,
  actor: Actor,
): Promise<{ readonly runId: string; readonly replayed: boolean }> {
  const { districtId, periodTo, note } = request;
  const at = ctx.clock.now();
  if (periodTo > localDate(at, ctx.timeZone)) {
    throw new UserError(
      'PERIOD_NOT_OVER',
      'Days that have not passed cannot be billed. Choose today or an earlier day as the end of the period.',
      'periodTo',
    );
  }
  return ctx.db.transaction('start-billing-run', async (tx) =>
    once(
      tx,
      { key: request.idempotencyKey, act: 'start-billing-run', content: { districtId, periodTo, note }, at },
      async () => {
        if (districtId !== null && (await tx.rows(DISTRICT, [districtId])).length === 0) {
          throw new UserError(
            'DISTRICT_NOT_FOUND',
            'There is no such transformer district. Look it up by its code.',
            'districtCode',
          );
        }
        const runId = await queueRun(tx, { id: newId(), districtId, periodTo, reason: note }, at, actor);
        tx.afterCommit(() => {
          ctx.nudges.nudge('billing');
          ctx.nudges.nudge('changed', [runId]);
        });
        return { runId };
      },
    ),
  );
}

import { recordAudit, type Actor } from '../platform/audit.js';
import { statement } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { restoreWherePowerIsDue } from './apply-command-moves.js';
import type { FlowContext } from './context.js';

/** Somebody has put a meter's password or key right, or says why it may be tried again. */
export interface CredentialsCleared {
  readonly meterId: string;
  readonly note: string;
  readonly idempotencyKey: string;
}

const CLEAR = statement(
  'clear-refused-credentials',
  `UPDATE meter SET credentials_refused_at = NULL WHERE id = $1 AND credentials_refused_at IS NOT NULL RETURNING reported_relay AS relay`,
);

/**
 * Lets orders go to a meter again that has refused our password. Where its relay is reported open although power is due, a restore is ordered at once. Each
 * wrong password brings a meter nearer to locking itself: whoever does this answers for the password being right now.
 *
 * @throws UserError CREDENTIALS_NOT_REFUSED, IDEMPOTENCY_KEY_REUSED
 */
export async function clearRefusedCredentials(
  ctx: FlowContext,
  { meterId, note, idempotencyKey: key }: CredentialsCleared,
  actor: Actor,
): Promise<{ readonly meterId: string; readonly restoreCommandIds: readonly string[] }> {
  return ctx.db.transaction('clear-refused-credentials', async (tx) => {
    const at = ctx.clock.now();
    return once(tx, { key, act: 'clear-refused-credentials', content: { meterId, note }, at }, async () => {
      const [cleared] = await tx.rows<{ relay: string | null }>(CLEAR, [meterId]);
      if (!cleared)
        throw new UserError(
          'CREDENTIALS_NOT_REFUSED',
          'This meter has not refused our password since it was last cleared; there is nothing to clear.',
          'serial',
        );
      await recordAudit(tx, at, actor, [
        {
          act: 'meter.credentials-cleared',
          subjectType: 'Meter',
          subjectId: meterId,
          fromState: 'CREDENTIALS_REFUSED',
          toState: 'CREDENTIALS_IN_USE',
          reason: note,
        },
      ]);
      const dark = cleared.relay === 'OPEN' ? [meterId] : [];
      const restoreCommandIds = await restoreWherePowerIsDue(
        ctx,
        tx,
        dark,
        { actor, at },
        'its credentials were put right',
      );
      tx.afterCommit(() => ctx.nudges.nudge('changed', [meterId, ...restoreCommandIds]));
      return { meterId, restoreCommandIds };
    });
  });
}

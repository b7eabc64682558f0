import { recordAudit, type Actor } from '../platform/audit.js';
import { statement } from '../platform/database.js';
import { once } from '../platform/idempotency.js';
import type { FlowContext } from './context.js';

const SET = statement(
  'kill-switch-set',
  `UPDATE kill_switch SET engaged = $1, since = $2, set_by = $3, reason = $4 WHERE engaged <> $1 RETURNING engaged`,
);

/** The subject id under which the audit keeps the one kill switch there is. */
export const KILL_SWITCH_ID = '00000000-0000-7000-8000-000000000001';

/**
 * Engages or releases the kill switch. Once this has returned with `engaged`, no cut becomes SENT until it is released: the
 * dispatcher reads the row under a share lock in the transaction that sends. Restores are not affected.
 */
export async function setKillSwitch(
  ctx: FlowContext,
  change: { readonly engaged: boolean; readonly note: string; readonly idempotencyKey: string },
  actor: Actor,
): Promise<{ engaged: boolean; since: Date }> {
  const { engaged, note } = change;
  const result = await ctx.db.transaction('set-kill-switch', async (tx) => {
    const at = ctx.clock.now();
    return once(
      tx,
      { key: change.idempotencyKey, act: 'set-kill-switch', content: { engaged, note }, at },
      async () => {
        const changed = await tx.rows(SET, [engaged, at, actor.id, note]);
        if (changed.length > 0) {
          const [fromState, toState] = engaged ? ['RELEASED', 'ENGAGED'] : ['ENGAGED', 'RELEASED'];
          await recordAudit(tx, at, actor, [
            {
              act: 'kill-switch.set',
              subjectType: 'KillSwitch',
              subjectId: KILL_SWITCH_ID,
              fromState,
              toState,
              reason: note,
            },
          ]);
        }
        tx.afterCommit(() => {
          ctx.nudges.nudge('commands');
          ctx.nudges.nudge('changed', [KILL_SWITCH_ID]);
        });
        return { engaged, since: at.toISOString() };
      },
    );
  });
  return { engaged: result.engaged, since: new Date(result.since) };
}

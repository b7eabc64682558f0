import { recordAudit, type Actor } from '../platform/audit.js';
import { statement } from '../platform/database.js';
import { assert } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import type { FlowContext } from './context.js';

const SET = statement(
  'kill-switch-set',
  `UPDATE kill_switch SET engaged = $1, since = $2, set_by = $3, reason = $4 WHERE engaged <> $1 RETURNING engaged`,
);
const READ = statement('kill-switch-read', `SELECT engaged, since, set_by AS "setBy", reason FROM kill_switch`);

/** The kill switch as it stands: since when, by whom and why. All but `engaged` are null if it was never touched. */
export interface KillSwitch {
  readonly engaged: boolean;
  readonly since: Date | null;
  readonly setBy: string | null;
  readonly reason: string | null;
}

/** The subject id under which the audit keeps the one kill switch there is. */
export const KILL_SWITCH_ID = '00000000-0000-7000-8000-000000000001';

/**
 * Engages or releases the kill switch. Once this has returned with `engaged`, no cut becomes SENT until it is released: the
 * dispatcher reads the row under a share lock in the transaction that sends. Restores are not affected. Setting it to what it is
 * changes nothing: the answer names who did it first.
 */
export async function setKillSwitch(
  ctx: FlowContext,
  change: { readonly engaged: boolean; readonly note: string; readonly idempotencyKey: string },
  actor: Actor,
): Promise<KillSwitch> {
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
        const [now] = await tx.rows<KillSwitch>(READ);
        assert(now, 'the row of the kill switch is missing: no cut is sent; insert it again');
        return { ...now, since: now.since?.toISOString() ?? null };
      },
    );
  });
  const { engaged: isEngaged, since, setBy, reason } = result;
  return { engaged: isEngaged, since: since === null ? null : new Date(since), setBy, reason };
}

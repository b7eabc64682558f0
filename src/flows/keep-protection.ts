import { localDate } from '../platform/local-date.js';
import { LIMITS } from '../platform/limits.js';
import { statement, type Tx } from '../platform/database.js';
import type { SwitchOrder } from '../switching/dispatch.js';
import {
  orderProtection,
  sendProtectionOrders,
  type ProtectionRule,
  type ProtectionScope,
} from '../switching/protection-orders.js';
import { systemActor, type FlowContext } from './context.js';

const ACTOR = systemActor('keep-protection');

/** Every kind of protection that forbids cuts, for whom, under the policies in force. */
export const protectionRulesAt = (ctx: Pick<FlowContext, 'policies'>, at: Date): ProtectionRule[] =>
  ctx.policies.list.flatMap(({ policy }) =>
    policy.protections
      .filter(({ mode }) => mode === 'PROHIBIT')
      .flatMap(({ kind, expires }) =>
        policy.customerClasses.map((customerClass) => ({
          customerClass,
          paymentMode: policy.paymentMode,
          kind,
          expires,
          today: localDate(at, policy.timeZone),
        })),
      ),
  );

/** In the caller's transaction: orders protection (保电) at meters where it is due and not reported, and its end where it is over. */
export async function keepProtection(
  ctx: FlowContext,
  tx: Tx,
  scope: ProtectionScope,
  at: Date,
  reason: string,
): Promise<void> {
  const ordered = await orderProtection(tx, protectionRulesAt(ctx, at), scope, { actor: ACTOR, at, reason });
  if (ordered.length === 0) return;
  tx.afterCommit(() => {
    ctx.nudges.nudge('commands');
    ctx.nudges.nudge('changed', ordered);
  });
}

/** Every meter of the company. May run late or twice. */
export const keepAllProtection = (ctx: FlowContext, at: Date): Promise<void> =>
  ctx.db.transaction('keep-protection', (tx) =>
    keepProtection(ctx, tx, {}, at, 'what protections ask for is held against what meters report'),
  );

/** Marks protection orders SENT; they may be published now, since the commit has happened. A copy that is lost is sent again when its wait is over. */
export async function dispatchProtection(
  ctx: FlowContext,
  limit: number = LIMITS.dispatchGroup.value,
): Promise<SwitchOrder[]> {
  return ctx.db.transaction('dispatch-protection', (tx) => {
    const at = ctx.clock.now();
    // Delivered late it must not be obeyed: power may not be due any more by then.
    const validityMs = Math.max(ctx.timings.cutValidityMs, ctx.clock.productMs(ctx.timings.minWireMs));
    return sendProtectionOrders(tx, { at, notAfter: new Date(at.getTime() + validityMs) }, ACTOR, limit);
  });
}

const WAITS_FOR_UNPROTECT = statement(
  'keep-protection-waits',
  `SELECT EXISTS (SELECT FROM switch_command c JOIN meter m ON m.id = c.meter_id AND m.reported_protected
     JOIN protection_order o ON o.meter_id = m.id AND o.operation = 'UNPROTECT' AND o.state IN ('QUEUED', 'SENT')
     WHERE c.id = $1 AND c.requested_wall_at > clock_timestamp() - make_interval(secs => $2::float8 / 1000)) AS waits`,
);

/**
 * Whether a cut for danger still waits for the protection at its meter to be ended. Not for long: after `waitMs` it is sent all the same, and what the
 * meter then refuses is done on site.
 */
export async function waitsForUnprotect(ctx: FlowContext, commandId: string, waitMs: number): Promise<boolean> {
  return (await ctx.db.rows<{ waits: boolean }>(WAITS_FOR_UNPROTECT, [commandId, waitMs]))[0]!.waits;
}

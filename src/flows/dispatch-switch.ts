import { lockAccount } from '../accounts/accounts.js';
import { crashPoint } from '../platform/crash-points.js';
import { LIMITS } from '../platform/limits.js';
import { localDate, startOfLocalDay } from '../platform/local-date.js';
import { URGENT_REASONS } from '../switching/interruption.js';
import { blockers, cutChecks } from '../switching/cut-policy.js';
import { queuedCuts, sendCommand, sendQueuedRestores, type SwitchOrder } from '../switching/dispatch.js';
import { openInterruption } from '../switching/interruptions.js';
import { lockCommands, moveCommands } from '../switching/switch-commands.js';
import { resumeDisplacedRestores } from './apply-command-moves.js';
import { systemActor, type FlowContext } from './context.js';
import { gatherCutFacts } from './gather-cut-facts.js';

const ACTOR = systemActor('dispatch');

/** The product instant after which the meter must refuse: never less than a fair time on the wire, however fast the clock runs. */
function notAfter(ctx: FlowContext, at: Date, validityMs: number): Date {
  return new Date(at.getTime() + Math.max(validityMs, ctx.clock.productMs(ctx.timings.minWireMs)));
}

/** An ordinary cut must not be obeyed after the last allowed hour, however late it is delivered. */
function cutNotAfter(ctx: FlowContext, at: Date, urgent: boolean): Date {
  const latest = notAfter(ctx, at, ctx.timings.cutValidityMs);
  if (urgent) return latest;
  const { timeZone, allowedHours } = ctx.cutPolicy;
  const closing = startOfLocalDay(localDate(at, timeZone), timeZone).getTime() + allowedHours.to * 3_600_000;
  return latest.getTime() < closing ? latest : new Date(closing);
}

/**
 * Takes up to `limit` queued restores and marks them SENT. The orders returned may be published now: the commit has happened. If
 * this process dies before it publishes, the wait on the row runs out and the meter is asked.
 */
export async function dispatchRestores(
  ctx: FlowContext,
  limit: number = LIMITS.dispatchGroup.value,
): Promise<SwitchOrder[]> {
  const at = ctx.clock.now();
  // One statement is its own transaction: claimed, numbered, marked and recorded in one round trip.
  const orders = await sendQueuedRestores(
    ctx.db,
    {
      at,
      notAfter: notAfter(ctx, at, ctx.timings.restoreValidityMs),
      ackTimeoutMs: ctx.timings.ackTimeoutMs,
    },
    limit,
  );
  if (orders.length > 0) crashPoint('dispatch/committed');
  return orders;
}

/**
 * Takes the oldest queued cuts and decides each anew, in the transaction that sends it and under its account's lock, so that no
 * payment can slip between. A cut that is no longer right is cancelled with the checks that blocked it. The interruption is
 * opened here: from this commit on, power is not due. Each is published right after its own commit, before the next is decided.
 */
export async function dispatchCuts(ctx: FlowContext, publish: (order: SwitchOrder) => Promise<void>): Promise<void> {
  for (const { id, accountId } of await queuedCuts(ctx.db, LIMITS.dispatchGroup.value)) {
    const order = await dispatchCut(ctx, id, accountId);
    if (order) await publish(order);
  }
}

async function dispatchCut(ctx: FlowContext, commandId: string, accountId: string): Promise<SwitchOrder | undefined> {
  return ctx.db.transaction('dispatch-cut', async (tx) => {
    await lockAccount(tx, accountId);
    const [command] = await lockCommands(tx, [commandId]);
    if (command?.state !== 'QUEUED') return undefined;
    const at = ctx.clock.now();
    const facts = await gatherCutFacts(ctx, tx, command.servicePointId, {
      reason: command.reason,
      at,
      installationId: command.installationId,
      approvedBy: command.approvedBy ?? undefined,
      noticeServedOn: command.evidence['noticeServedOn'] as string | undefined,
    });
    const checks = cutChecks(facts, ctx.cutPolicy);
    const blocking = blockers(checks);
    // The kill switch holds a cut back; it does not judge it. It stays queued until the switch is released or its time is up.
    if (blocking.some(({ code }) => code === 'KILL_SWITCH')) return undefined;
    if (blocking.length > 0) {
      const text = blocking.map(({ code, evidence }) => `${code}: ${evidence}`).join('; ');
      await moveCommands(
        tx,
        [{ id: commandId, from: 'QUEUED', to: 'CANCELLED', code: blocking[0]!.code, text, detail: { checks } }],
        {
          actor: ACTOR,
          at,
        },
      );
      await resumeDisplacedRestores(ctx, tx, [commandId], { actor: ACTOR, at });
      tx.afterCommit(() => ctx.nudges.nudge('changed', [commandId]));
      return undefined;
    }
    const order = await sendCommand(tx, commandId, {
      at,
      notAfter: cutNotAfter(ctx, at, URGENT_REASONS.includes(command.reason)),
      ackTimeoutMs: ctx.timings.ackTimeoutMs,
    });
    await openInterruption(
      tx,
      {
        servicePointId: command.servicePointId,
        accountId,
        reason: command.reason,
        evidence: { ...command.evidence, checks },
        commandId,
      },
      { actor: { kind: 'PERSON', id: command.requestedBy }, at, reason: `cut ${commandId}` },
    );
    tx.afterCommit(() => ctx.nudges.nudge('changed', [commandId, command.servicePointId]));
    return order;
  });
}

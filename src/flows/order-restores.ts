import { decideReconnectMode } from '../dunning/reconnect-mode-policy.js';
import type { Actor } from '../platform/audit.js';
import type { Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import { openWorkOrders } from '../service/work-orders.js';
import type { SupplyFacts } from '../switching/supply.js';
import { orderRestores } from '../switching/switch-commands.js';
import type { FlowContext } from './context.js';

/** A service point with its meter, where power is due. */
export type MeteredPoint = SupplyFacts & { readonly meterId: string; readonly installationId: string };

/** Whether a meter is installed there. */
export const isMetered = (point: SupplyFacts): point is MeteredPoint =>
  point.meterId !== null && point.installationId !== null;

/**
 * Orders a restore at each of these points, direct or armed as the policy of its customer says now, with the reason on record. Where something
 * feeds in behind an open relay somebody is also sent to look. A meter with an open command keeps that. Returns the ids ordered.
 *
 * @param commandIds ids that the caller has given out already, by meter id
 */
export async function orderRestoresAt(
  ctx: FlowContext,
  tx: Tx,
  points: readonly MeteredPoint[],
  by: { readonly actor: Actor; readonly at: Date; readonly reason: string; readonly paymentId?: string | null },
  commandIds: ReadonlyMap<string, string> = new Map(),
): Promise<string[]> {
  const planned = points.map((point) => {
    const { customerClass, offSince, openLoadVoltageMv, reconnectMode: meterMode } = point;
    const policy = ctx.policies.of(customerClass, point.paymentMode)?.policy;
    const facts = { meterMode, customerClass, offSince, openLoadVoltageMv };
    return {
      id: commandIds.get(point.meterId) ?? newId(),
      point,
      decision: decideReconnectMode(facts, policy?.arming, by.at),
    };
  });
  const ordered = await orderRestores(
    tx,
    planned.map(({ id, point, decision }) => ({
      id,
      accountId: point.accountId,
      servicePointId: point.servicePointId,
      meterId: point.meterId,
      installationId: point.installationId,
      mode: decision.mode,
      modeReason: decision.reason,
      modeEvidence: decision.evidence,
      reason: 'ARREARS',
      paymentId: by.paymentId ?? null,
    })),
    { ...by, remoteWindowMs: ctx.timings.remoteWindowMs, armedWindowMs: ctx.timings.armedWindowMs },
  );
  const visits = planned.filter(({ id, decision }) => decision.visit && ordered.includes(id));
  await openWorkOrders(
    tx,
    visits.map(({ id, point, decision }) => ({
      id: newId(),
      kind: 'CHECK_INSTALLATION' as const,
      servicePointId: point.servicePointId,
      accountId: point.accountId,
      commandId: id,
      reason: `power is not closed in directly: ${decision.evidence}`,
    })),
    { actor: by.actor, at: by.at, deadlineAt: new Date(by.at.getTime() + ctx.timings.fieldVisitMs) },
  );
  return ordered;
}

import { decideClock } from '../metering/clock-correction-policy.js';
import {
  askedForClocks,
  claimClockCorrections,
  endClockCorrections,
  openClockCorrections,
  sendingClocks,
  storeClockReadings,
  type ClockReading,
  type DueClockCorrection,
  type WrongClock,
} from '../metering/clock-corrections.js';
import { CLOCK_TOLERANCE_MS } from '../metering/meters.js';
import type { Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import { LIMITS } from '../platform/limits.js';
import { openWorkOrders } from '../service/work-orders.js';
import type { ReadOrder } from '../switching/dispatch.js';
import type { MeterReport } from '../switching/report-policy.js';
import { systemActor, type FlowContext } from './context.js';

const ACTOR = systemActor('correct-meter-clocks');

/** An order to set one meter's clock to `at`, and the question that shows whether it did. */
export interface TimeOrder {
  readonly requestId: string;
  readonly gatewayNumber: string;
  readonly serial: string;
  readonly codec: 'JSON' | 'DLT645';
  readonly securityClass: 'PASSWORD' | 'CIPHER';
  readonly sequence: bigint;
  readonly at: Date;
  /** How far it is off now, ms: what has to be set follows from it. */
  readonly offsetMs: number;
}

/** What goes out for clocks: time orders first, then questions. */
export interface ClockWork {
  readonly orders: readonly TimeOrder[];
  readonly reads: readonly ReadOrder[];
}

/**
 * Notices wrong clocks in what meters say, in the caller's transaction: an order refused for its time, a clock that was read, a meter's own words. A clock that
 * seems slow may only be late to be heard, so it counts where it answers a question; one that is ahead always does.
 */
export async function noticeClocks(
  ctx: FlowContext,
  tx: Tx,
  said: { readonly reports: readonly MeterReport[]; readonly clocks: readonly ClockReading[] },
  at: Date,
): Promise<void> {
  const awaited = await storeClockReadings(tx, said.clocks);
  const wrong: WrongClock[] = [];
  for (const { meterId, offsetMs } of said.clocks)
    if (Math.abs(offsetMs) > CLOCK_TOLERANCE_MS) wrong.push({ meterId, foundBy: 'CLOCK_READ', offsetMs });
  for (const { meterId, refusal, readBy, requestId, meterAt } of said.reports) {
    const offsetMs = meterAt.getTime() - at.getTime();
    const off = offsetMs > CLOCK_TOLERANCE_MS || (requestId !== undefined && offsetMs < -CLOCK_TOLERANCE_MS);
    if (refusal === 'CLOCK')
      wrong.push({ meterId, foundBy: 'REFUSED_CLOCK', offsetMs: readBy === undefined ? offsetMs : null });
    else if (readBy === undefined && off) wrong.push({ meterId, foundBy: 'REPORTED_CLOCK', offsetMs });
  }
  const opened = await openClockCorrections(
    tx,
    wrong.map((one) => ({ ...one, id: newId() })),
    { actor: ACTOR, at },
  );
  if (opened + awaited > 0) tx.afterCommit(() => ctx.nudges.nudge('commands'));
}

/**
 * Sees to clocks that were found wrong, whose wait is over: asks, sets, asks again, ends. The orders and questions returned may be published, in
 * this order, now that the commit has happened; if this process dies before, the wait runs out and the clock is asked for again.
 */
export async function correctMeterClocks(ctx: FlowContext): Promise<ClockWork> {
  return ctx.db.transaction('correct-meter-clocks', async (tx) => {
    const due = await claimClockCorrections(tx, LIMITS.dispatchGroup.value);
    if (due.length === 0) return { orders: [], reads: [] };
    const at = ctx.clock.now();
    const wireMs = ctx.clock.productMs(ctx.timings.ackTimeoutMs);
    const decided = due.map((one) => ({ one, decision: decideClock({ ...one, wireMs }) }));
    const asking = decided.filter(({ decision }) => decision.act === 'ask').map(({ one }) => one);
    const setting = decided.flatMap(({ one, decision }) =>
      decision.act === 'set' ? [{ one, requestId: newId(), offsetMs: decision.offsetMs }] : [],
    );
    await askedForClocks(
      tx,
      asking.map(({ id }) => id),
      ctx.timings.readTimeoutMs,
    );
    const sequences = await sendingClocks(
      tx,
      setting.map(({ one, requestId }) => ({ id: one.id, meterId: one.meterId, requestId })),
      { actor: ACTOR, at, waitMs: ctx.timings.readTimeoutMs },
    );
    await endCorrections(ctx, tx, decided, at);
    const orders = setting.map(({ one, requestId, offsetMs }): TimeOrder => ({
      ...one,
      requestId,
      sequence: sequences.get(one.id)!,
      at,
      offsetMs,
    }));
    const asked = [...setting.map(({ one }) => one), ...asking];
    return { orders, reads: asked.map((one): ReadOrder => ({ ...one, requestId: newId(), clockInDoubt: true })) };
  });
}

async function endCorrections(
  ctx: FlowContext,
  tx: Tx,
  decided: readonly { readonly one: DueClockCorrection; readonly decision: ReturnType<typeof decideClock> }[],
  at: Date,
): Promise<void> {
  const ends = decided.flatMap(({ one, decision }) => (decision.act === 'end' ? [{ one, ...decision }] : []));
  if (ends.length === 0) return;
  await openWorkOrders(
    tx,
    ends.flatMap(({ one, state, text }) =>
      state === 'GIVEN_UP' && one.servicePointId !== null && one.accountId !== null
        ? [
            {
              id: newId(),
              kind: 'CHECK_INSTALLATION' as const,
              servicePointId: one.servicePointId,
              accountId: one.accountId,
              commandId: null,
              reason: `the clock of meter ${one.serial} is wrong: ${text}`,
            },
          ]
        : [],
    ),
    { actor: ACTOR, at, deadlineAt: new Date(at.getTime() + ctx.timings.fieldVisitMs) },
  );
  await endClockCorrections(
    tx,
    ends.map(({ one, state, text }) => ({ id: one.id, state, text })),
    { actor: ACTOR, at },
  );
  tx.afterCommit(() => ctx.nudges.nudge('commands'));
}

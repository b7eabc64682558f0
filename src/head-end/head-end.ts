import { Loop } from '../platform/loop.js';
import { LIMITS } from '../platform/limits.js';
import { correctMeterClocks } from '../flows/correct-meter-clocks.js';
import { askForReadings } from '../flows/ask-for-readings.js';
import { attendCommands } from '../flows/attend-commands.js';
import type { FlowContext } from '../flows/context.js';
import { dispatchProtection } from '../flows/keep-protection.js';
import { dispatchCuts, dispatchRestores, type CutAdmission } from '../flows/dispatch-switch.js';
import { nextAttentionMs, type QueuedCut } from '../switching/dispatch.js';
import { nextProtectionMs } from '../switching/protection-orders.js';
import { Downlink } from './downlink.js';
import type { GuardClient } from './guard-client.js';
import type { SigningKey } from './signing.js';
import { Unanswered } from './unanswered.js';
import { UplinkConsumer } from './uplink.js';
import type { BrokerAccess } from './uplink-connection.js';

/** The rows are the queue; this slow look makes a lost nudge harmless, ms. */
const LOOK_MS = 1_000;
/** The fastest pace of looking for overdue commands, ms. */
const ATTEND_MIN_MS = 100;
/** How long a head-end that is stopped goes on publishing what it has claimed, ms. */
const STOP_GRACE_MS = 2_000;
/** A cut for which the guard's budget has no room is looked at again after this at the latest, ms. */
const MAX_BUDGET_WAIT_MS = 30_000;
/** Protection orders sent together, and the slow look for them, ms. */
const PROTECTION_GROUP = 64;
const PROTECTION_LOOK_MS = 5_000;
/** The simulation clock is told again this often, for gateways that have lost it, ms. */
const CLOCK_MS = 60_000;

export interface HeadEnd {
  readonly connected: boolean;
  stop(): Promise<void>;
}

/**
 * Starts the head-end: restores, cuts and overdue commands each have a loop of their own, so that a cut being decided never holds
 * a restore back. Nothing is claimed while the broker is out of reach, and no cut while the guard is. Without a guard there are no cuts.
 */
export function startHeadEnd(ctx: FlowContext, access: BrokerAccess, key: SigningKey, guard?: GuardClient): HeadEnd {
  const unanswered = new Unanswered(ctx.timings.ackTimeoutMs);
  const wakeAll = () => Object.values(loops).forEach((loop) => loop.wake());
  const downlink = new Downlink(ctx, access, key, ctx.log, wakeAll);
  // Answers to what this process has sent may come to another: it says what has changed.
  const answered = (ids: readonly string[]): void => {
    for (const id of ids) unanswered.answered(id);
    if (unanswered.held && ids.length > 0) loops.restores.wake();
  };
  const loops = {
    restores: restoresLoop(ctx, downlink, unanswered, (serials) => uplink.expect(serials)),
    cuts: cutsLoop(ctx, downlink, guard),
    protection: protectionLoop(ctx, downlink),
    overdue: overdueLoop(ctx, downlink),
    clock: clockLoop(ctx, downlink),
    meterClocks: meterClocksLoop(ctx, downlink),
    gaps: gapsLoop(ctx, downlink, unanswered),
  };
  const uplink = new UplinkConsumer(ctx, access, answered);
  const unlisten = [
    ctx.nudges.listen('commands', () => {
      loops.restores.wake();
      loops.cuts.wake();
      loops.meterClocks.wake();
      loops.protection.wake();
    }),
    ctx.nudges.listen('changed', answered),
    ctx.nudges.listen('clock', () => loops.clock.wake()),
  ];
  uplink.start();
  downlink.start();
  loops.overdue.wake();
  loops.gaps.wake();

  return {
    get connected() {
      return uplink.connected && downlink.connected;
    },
    async stop() {
      unlisten.forEach((stop) => stop());
      const rounds = Promise.all(Object.values(loops).map((loop) => loop.stop()));
      // A broker that has fallen silent must not keep the process from ending.
      await Promise.race([rounds, new Promise((resume) => setTimeout(resume, STOP_GRACE_MS).unref())]);
      await downlink.stop();
      await rounds;
      await uplink.stop();
    },
  };
}

function restoresLoop(
  ctx: FlowContext,
  downlink: Downlink,
  unanswered: Unanswered,
  expect: (serials: readonly string[]) => void,
): Loop {
  const round = async () => {
    if (!downlink.connected) return LOOK_MS;
    const limit = Math.min(LIMITS.dispatchGroup.value, unanswered.room);
    if (limit === 0) return LOOK_MS;
    const claimedAtMs = performance.now();
    const orders = await dispatchRestores(ctx, limit);
    if (performance.now() - claimedAtMs > ctx.timings.leaseMs) {
      // The waits on the rows have run out or soon will: the meters are asked, here or by another process, before anything is sent again.
      ctx.log.warn(
        { orders: orders.length },
        'this process stood still after it had claimed restores; they are not sent by it',
      );
      return 0;
    }
    unanswered.sent(orders.map(({ commandId }) => commandId));
    await downlink.publishRestores(orders);
    expect(orders.map(({ serial }) => serial));
    return orders.length === limit ? 0 : LOOK_MS;
  };
  return new Loop('restores', round, LOOK_MS, ctx.log);
}

/** Protection orders in small groups, and none while a restore waits. */
function protectionLoop(ctx: FlowContext, downlink: Downlink): Loop {
  const round = async () => {
    if (!downlink.connected) return LOOK_MS;
    const orders = await dispatchProtection(ctx, PROTECTION_GROUP);
    await downlink.publishRestores(orders);
    if (orders.length === PROTECTION_GROUP) return 0;
    return Math.min(
      Math.max(ATTEND_MIN_MS, (await nextProtectionMs(ctx.db)) ?? PROTECTION_LOOK_MS),
      PROTECTION_LOOK_MS,
    );
  };
  return new Loop('protection', round, LOOK_MS, ctx.log);
}

function cutsLoop(ctx: FlowContext, downlink: Downlink, guard: GuardClient | undefined): Loop {
  const round = async () => {
    if (downlink.connected && guard)
      await dispatchCuts(
        ctx,
        (order) => downlink.publishCut(order, guard),
        (cut) => admit(ctx, guard, cut),
      );
    return LOOK_MS;
  };
  return new Loop('cuts', round, LOOK_MS, ctx.log);
}

/** Asks the guard before a cut is claimed; the wait until its budget has room is told in product time. */
async function admit(ctx: FlowContext, guard: GuardClient, cut: QueuedCut): Promise<CutAdmission> {
  const room = await guard.room(cut);
  if (typeof room === 'string') return room;
  const productMsPerMs = Math.max(ctx.clock.productMs(1_000) / 1_000, 1 / 1_000);
  return { waitMs: Math.min(Math.max(room.waitMs / productMsPerMs, LOOK_MS / 2), MAX_BUDGET_WAIT_MS) };
}

function overdueLoop(ctx: FlowContext, downlink: Downlink): Loop {
  const round = async () => {
    // Also without a broker: a restore that cannot be sent in its time must still end in field work.
    const { reads, attended } = await attendCommands(ctx);
    if (downlink.connected) await downlink.publishReads(reads);
    if (attended === LIMITS.dispatchGroup.value) return 0;
    return Math.max(ATTEND_MIN_MS, (await nextAttentionMs(ctx.db)) ?? LOOK_MS);
  };
  return new Loop('overdue', round, LOOK_MS, ctx.log);
}

function meterClocksLoop(ctx: FlowContext, downlink: Downlink): Loop {
  const round = async () => {
    if (!downlink.connected) return LOOK_MS;
    const work = await correctMeterClocks(ctx);
    await downlink.publishClockWork(work);
    return work.reads.length >= LIMITS.dispatchGroup.value ? 0 : LOOK_MS;
  };
  return new Loop('meter-clocks', round, LOOK_MS, ctx.log);
}

/** Missing midnights are asked for when nothing else is under way: nobody sits in the dark for want of one. */
function gapsLoop(ctx: FlowContext, downlink: Downlink, unanswered: Unanswered): Loop {
  const round = async () => {
    if (downlink.connected && unanswered.idle) await downlink.publishReads(await askForReadings(ctx));
    return LOOK_MS;
  };
  return new Loop('gaps', round, LOOK_MS, ctx.log);
}

function clockLoop(ctx: FlowContext, downlink: Downlink): Loop {
  const round = async () => {
    await ctx.clock.reload();
    await downlink.publishClock();
    return CLOCK_MS;
  };
  return new Loop('clock', round, CLOCK_MS, ctx.log);
}

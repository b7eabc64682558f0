import { Loop } from '../platform/loop.js';
import { LIMITS } from '../platform/limits.js';
import { attendCommands } from '../flows/attend-commands.js';
import type { FlowContext } from '../flows/context.js';
import { dispatchCuts, dispatchRestores } from '../flows/dispatch-switch.js';
import { nextAttentionMs } from '../switching/dispatch.js';
import { Downlink } from './downlink.js';
import type { SigningKey } from './signing.js';
import { UplinkConsumer } from './uplink.js';
import type { BrokerAccess } from './uplink-connection.js';

/** The rows are the queue; this slow look makes a lost nudge harmless, ms. */
const LOOK_MS = 1_000;
/** The fastest pace of looking for overdue commands, ms. */
const ATTEND_MIN_MS = 100;

export interface HeadEnd {
  readonly connected: boolean;
  stop(): Promise<void>;
}

/**
 * Starts the head-end: restores, cuts and overdue commands each have a loop of their own, so that a cut being decided never holds
 * a restore back. Nothing is claimed while the broker is out of reach.
 */
export function startHeadEnd(ctx: FlowContext, access: BrokerAccess, key: SigningKey): HeadEnd {
  const uplink = new UplinkConsumer(ctx, { ...access, clientId: `${access.clientId}-up` });
  const downlink: Downlink = new Downlink(ctx, { ...access, clientId: `${access.clientId}-down` }, key, ctx.log, () =>
    wakeAll(),
  );

  const restores = new Loop(
    'restores',
    async () => {
      if (!downlink.connected) return LOOK_MS;
      const orders = await dispatchRestores(ctx);
      await downlink.publishSwitches(orders);
      return orders.length === LIMITS.dispatchGroup.value ? 0 : LOOK_MS;
    },
    LOOK_MS,
    ctx.log,
  );
  const cuts = new Loop(
    'cuts',
    async () => {
      if (!downlink.connected) return LOOK_MS;
      await dispatchCuts(ctx, (order) => downlink.publishSwitches([order]));
      return LOOK_MS;
    },
    LOOK_MS,
    ctx.log,
  );
  const overdue = new Loop(
    'overdue',
    async () => {
      // Also without a broker: a restore that cannot be sent in its time must still end in field work.
      const { reads, attended } = await attendCommands(ctx);
      if (downlink.connected) await downlink.publishReads(reads);
      if (attended === LIMITS.dispatchGroup.value) return 0;
      return Math.max(ATTEND_MIN_MS, (await nextAttentionMs(ctx.db)) ?? LOOK_MS);
    },
    LOOK_MS,
    ctx.log,
  );
  const clock = new Loop(
    'clock',
    async () => {
      await ctx.clock.reload();
      await downlink.publishClock();
      return 60_000;
    },
    60_000,
    ctx.log,
  );
  const loops = [restores, cuts, overdue, clock];
  const wakeAll = () => loops.forEach((loop) => loop.wake());

  const unlisten = [
    ctx.nudges.listen('commands', () => {
      restores.wake();
      cuts.wake();
    }),
    ctx.nudges.listen('clock', () => clock.wake()),
  ];
  uplink.start();
  downlink.start();
  overdue.wake();

  return {
    get connected() {
      return uplink.connected && downlink.connected;
    },
    async stop() {
      unlisten.forEach((stop) => stop());
      await Promise.all(loops.map((loop) => loop.stop()));
      await uplink.stop();
      await downlink.stop();
    },
  };
}

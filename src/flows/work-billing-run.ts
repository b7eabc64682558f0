import { pointRanges, type BillingScope, type PointRange } from '../billing/billing-facts.js';
import {
  claimRun,
  endRun,
  FIRST_POSITION,
  releaseRun,
  reportProgress,
  runPosition,
  settlementRun,
} from '../billing/billing-runs.js';
import type { Actor } from '../platform/audit.js';
import { newId } from '../platform/ids.js';
import { LIMITS } from '../platform/limits.js';
import { periodToBill } from './bill-points.js';
import { systemActor } from './context.js';
import { billRanges, type BillingContext } from './issue-bills.js';
import { NEVER, type StopSign } from './run-worker.js';

/**
 * Takes the oldest billing run that waits, or whose process died, and works it off from where it stands. Returns false when there was
 * none. A run that is given back at a stop is taken up again by the next process, or by this one when it is back.
 */
export async function workBillingRun(ctx: BillingContext, stop: StopSign = NEVER): Promise<boolean> {
  const worker = newId();
  const run = await claimRun(ctx.db, worker, ctx.clock.now());
  if (!run) return false;
  const scope = { districtId: run.districtId, settlementsPerMonth: null };
  await workOff(ctx, { ...run, scope, worker, actor: { kind: 'PERSON', id: run.requestedBy } }, stop);
  return true;
}

/** Bills a district's settlement day as a run of its own, the same one however often it is done. Returns what it did in all. */
export async function settleDistrict(
  ctx: BillingContext,
  settlement: {
    readonly districtId: string;
    readonly periodTo: string;
    readonly settlementsPerMonth: readonly number[];
  },
): Promise<void> {
  const { districtId, periodTo, settlementsPerMonth } = settlement;
  const actor = systemActor('settle-districts');
  const worker = newId();
  const id = await settlementRun(ctx.db, { id: newId(), districtId, periodTo }, worker, ctx.clock.now(), actor);
  await workOff(ctx, { id, periodTo, scope: { districtId, settlementsPerMonth }, worker, actor, anew: true }, NEVER);
}

interface RunAtWork {
  readonly id: string;
  readonly periodTo: string;
  readonly scope: BillingScope;
  readonly worker: string;
  readonly actor: Actor;
  /** Looks at every service point again, not only at those after the last page. */
  readonly anew?: boolean;
}

async function workOff(ctx: BillingContext, run: RunAtWork, stop: StopSign): Promise<void> {
  const { id, worker, scope, actor } = run;
  const log = ctx.log.child({ billingRunId: id, periodTo: run.periodTo });
  try {
    const ended = await workPages(ctx, run, stop, log);
    if (ended === 'DONE') {
      await endRun(ctx.db, id, worker, { state: 'DONE', failureText: null }, ctx.clock.now(), actor);
      log.info({ districtId: scope.districtId }, 'billing run done');
    } else if (ended === 'STOPPED') {
      await releaseRun(ctx.db, id, worker);
      log.info('billing run given back; it goes on from here');
    } else {
      log.warn('billing run was taken over by another process');
    }
  } catch (error) {
    log.error({ err: error }, 'billing run failed; what it has issued stands, start it again for the rest');
    const failureText = String(error).slice(0, 500);
    await endRun(ctx.db, id, worker, { state: 'FAILED', failureText }, ctx.clock.now(), actor);
    if (run.anew) throw error;
  }
  ctx.nudges.nudge('changed', [id]);
}

async function workPages(
  ctx: BillingContext,
  { id, periodTo, scope, worker, actor, anew }: RunAtWork,
  stop: StopSign,
  log: BillingContext['log'],
): Promise<'DONE' | 'STOPPED' | 'TAKEN'> {
  const start = anew ? { position: FIRST_POSITION, points: 0 } : await runPosition(ctx.db, id);
  const ranges = await pointRanges(ctx.db, scope, start.position, LIMITS.billingPage.value);
  const total = start.points + ranges.reduce((sum, { points }) => sum + points, 0);
  let mine = (await reportProgress(ctx.db, id, worker, total, null)) !== undefined;
  const period = periodToBill(periodTo, ctx.clock.now(), ctx.timeZone, id);
  const position = new PositionOf(ranges);
  if (mine) {
    await billRanges(ctx, { ranges, scope, period, actor }, async (range) => {
      const progress = await reportProgress(ctx.db, id, worker, null, position.after(range));
      mine = progress !== undefined;
      if (progress) log.info({ ...progress }, 'billing run goes on');
      ctx.nudges.nudge('changed', [id]);
      return mine && !stop.stopped;
    });
  }
  if (!mine) return 'TAKEN';
  return position.isAtEnd ? 'DONE' : 'STOPPED';
}

/** The last service point before which all are done, as pages end in any order. */
class PositionOf {
  private readonly done = new Set<PointRange>();
  private next = 0;

  constructor(private readonly ranges: readonly PointRange[]) {}

  get isAtEnd(): boolean {
    return this.next === this.ranges.length;
  }

  after(range: PointRange): string | null {
    this.done.add(range);
    while (this.next < this.ranges.length && this.done.has(this.ranges[this.next]!)) this.next += 1;
    return this.ranges[this.next - 1]?.upto ?? null;
  }
}

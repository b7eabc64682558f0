import { pointRanges, type BillingScope, type PointRange } from '../billing/billing-facts.js';
import { FIRST_POSITION, recordPage } from '../billing/billing-runs.js';
import type { Actor } from '../platform/audit.js';
import { LIMITS } from '../platform/limits.js';
import { billPoints, periodToBill, type PeriodToBill } from './bill-points.js';
import type { FlowContext } from './context.js';

/** What billing works with. */
export type BillingContext = Pick<FlowContext, 'db' | 'clock' | 'nudges' | 'log' | 'timeZone'>;

/** What a billing run did. `skipped` names service points that have no tariff, or whose register is not known well enough even for an estimate. */
export interface BillingRunResult {
  readonly issued: number;
  readonly skipped: readonly string[];
}

/**
 * Bills every service point of a district for the days that are not billed yet, up to the local day `periodTo` (exclusive): what the
 * registers have counted (across meter exchanges) less what is billed, priced by the account's tariff, entered in the ledger. Each page is a
 * transaction under the locks of its accounts; what is billed already is passed over, so a run may be stopped and repeated.
 */
export async function issueBills(
  ctx: BillingContext,
  run: {
    readonly districtId: string;
    readonly periodTo: string;
    readonly issuedAt?: Date;
    readonly settlementsPerMonth?: readonly number[];
    readonly pageSize?: number | undefined;
  },
  actor: Actor,
): Promise<BillingRunResult> {
  const scope = { districtId: run.districtId, settlementsPerMonth: run.settlementsPerMonth ?? null };
  const period = periodToBill(run.periodTo, run.issuedAt ?? ctx.clock.now(), ctx.timeZone, null);
  const ranges = await pointRanges(ctx.db, scope, FIRST_POSITION, run.pageSize ?? LIMITS.billingPage.value);
  let issued = 0;
  const skipped: string[] = [];
  await billRanges(ctx, { ranges, scope, period, actor }, (_range, done) => {
    issued += done.issued;
    skipped.push(...done.skipped.map(({ servicePointId }) => servicePointId));
    return Promise.resolve(true);
  });
  return { issued, skipped };
}

/** A page that is committed. */
type PageDone = Awaited<ReturnType<typeof billPoints>>;

/**
 * Bills ranges of service points, a transaction each, a few at once: while the database writes one page the next is computed. After
 * each commit `onPage` is called; when it answers false no further page is begun.
 */
export async function billRanges(
  ctx: BillingContext,
  work: {
    readonly ranges: readonly PointRange[];
    readonly scope: BillingScope;
    readonly period: PeriodToBill;
    readonly actor: Actor;
  },
  onPage: (range: PointRange, done: PageDone) => Promise<boolean>,
): Promise<void> {
  const { scope, period, actor } = work;
  const waiting = [...work.ranges];
  let goOn = true;
  const lane = async (): Promise<void> => {
    for (let range = waiting.shift(); range && goOn; range = waiting.shift()) {
      const page = range;
      const done = await ctx.db.transaction('issue-bills', async (tx) => {
        const result = await billPoints(tx, page, scope, period, actor);
        const counts = { issued: result.issued, skipped: result.skipped.length };
        if (period.runId !== null) await recordPage(tx, period.runId, page, counts);
        return result;
      });
      if (!(await onPage(page, done))) goOn = false;
    }
  };
  // One that fails lets the others finish the page they are at, and no more.
  const lanes = Array.from({ length: LIMITS.billingPagesAtOnce.value }, () =>
    lane().catch((error: unknown) => {
      goOn = false;
      throw error;
    }),
  );
  const failed = (await Promise.allSettled(lanes)).find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

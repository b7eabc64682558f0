import { lockAccounts } from '../accounts/accounts.js';
import { insertBills, type BillToIssue } from '../billing/bill-insert.js';
import {
  billingStretches,
  registersAround,
  type BillingStretch,
  type RegisterAround,
} from '../billing/billing-facts.js';
import { energyToBill, registerAt } from '../billing/bill-policy.js';
import { findTariff, priceUsageByCode } from '../billing/tariff-policy.js';
import { energyBetween } from '../metering/reading-policy.js';
import type { Actor } from '../platform/audit.js';
import { newId } from '../platform/ids.js';
import { addDays, localDate, startOfLocalDay } from '../platform/local-date.js';
import type { FlowContext } from './context.js';

/** Service points billed in one transaction. */
const PAGE = 500;
/** Days from the issue of a bill until it is due. */
const PAYMENT_TERM_DAYS = 20;

/** What a billing run did. `skipped` names service points that have no tariff, or whose register is not known well enough even for an estimate. */
export interface BillingRun {
  readonly issued: number;
  readonly skipped: readonly string[];
}

/**
 * Bills every service point of a district for the days that are not billed yet, up to the local day `periodTo` (exclusive): what the
 * registers have counted (across meter exchanges) less what is billed, priced by the account's tariff, entered in the ledger. Each page is a
 * transaction; what is billed already is passed over, so a run may be stopped and repeated.
 */
export async function issueBills(
  ctx: FlowContext,
  run: { readonly districtId: string; readonly periodTo: string; readonly issuedAt?: Date },
  actor: Actor,
): Promise<BillingRun> {
  const zone = ctx.timeZone;
  const until = startOfLocalDay(run.periodTo, zone);
  const issuedAt = run.issuedAt ?? ctx.clock.now();
  const skipped: string[] = [];
  let issued = 0;
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const page = await billingStretches(ctx.db, {
      districtId: run.districtId,
      until,
      periodTo: run.periodTo,
      after,
      limit: PAGE,
    });
    if (page.length === 0) return { issued, skipped };
    // A page may end in the middle of a service point with many installations: its rows are read again on the next page.
    const points = [...Map.groupBy(page, ({ servicePointId }) => servicePointId)];
    const whole = page.length < PAGE || points.length === 1 ? points : points.slice(0, -1);
    after = whole.at(-1)![0];
    const { bills, unknown } = await computeBills(ctx, whole, run.periodTo, issuedAt);
    skipped.push(...unknown);
    issued += await issuePage(ctx, bills, issuedAt, actor);
  }
}

async function issuePage(
  ctx: FlowContext,
  bills: readonly BillToIssue[],
  issuedAt: Date,
  actor: Actor,
): Promise<number> {
  let issued = 0;
  // An account with several service points gets them in separate rounds, since credit is spent once.
  for (let rest = [...bills]; rest.length > 0;) {
    const round = [...new Map(rest.map((bill) => [bill.accountId, bill])).values()];
    issued += await ctx.db.transaction('issue-bills', async (tx) => {
      await lockAccounts(
        tx,
        round.map(({ accountId }) => accountId),
      );
      const ids = await insertBills(tx, round, issuedAt, actor);
      tx.afterCommit(() => ctx.nudges.nudge('changed', ids));
      return ids.length;
    });
    const done = new Set(round);
    rest = rest.filter((bill) => !done.has(bill));
  }
  return issued;
}

async function computeBills(
  ctx: FlowContext,
  points: readonly (readonly [string, readonly BillingStretch[]])[],
  periodTo: string,
  issuedAt: Date,
): Promise<{ bills: BillToIssue[]; unknown: string[] }> {
  const zone = ctx.timeZone;
  const edges = points.flatMap(([, stretches]) =>
    stretches.flatMap((stretch) => {
      const { from, to } = edgesOf(stretch, firstDayOf(stretches, zone), periodTo, zone);
      return from < to
        ? [
            { installationId: stretch.installationId, instant: from },
            { installationId: stretch.installationId, instant: to },
          ]
        : [];
    }),
  );
  const around = await registersAround(ctx.db, edges);
  const byEdge = new Map(
    edges.map(({ installationId, instant }, index) => [`${installationId}@${instant.getTime()}`, around[index]!]),
  );
  const bills: BillToIssue[] = [];
  const unknown: string[] = [];
  for (const [servicePointId, stretches] of points) {
    const bill = computeBill(stretches, byEdge, periodTo, localDate(issuedAt, zone), zone);
    if (bill) bills.push(bill);
    else unknown.push(servicePointId);
  }
  return { bills, unknown };
}

function computeBill(
  stretches: readonly BillingStretch[],
  byEdge: ReadonlyMap<string, RegisterAround>,
  periodTo: string,
  issuedOn: string,
  zone: string,
): BillToIssue | undefined {
  const periodFrom = firstDayOf(stretches, zone);
  let usedWh = 0n;
  let estimated = false;
  for (const stretch of stretches) {
    const { installationId, installedAt, installedWh, removedAt, removedWh } = stretch;
    const { from, to } = edgesOf(stretch, periodFrom, periodTo, zone);
    const installed = { at: installedAt, energyWh: installedWh };
    const registerOn = (edge: Date) => {
      const around = byEdge.get(`${installationId}@${edge.getTime()}`);
      return around && registerAt(edge, around, installed);
    };
    const removed = removedWh !== null && removedAt?.getTime() === to.getTime();
    const end = removed ? { energyWh: removedWh, estimated: false } : registerOn(to);
    if (!end) return undefined;
    usedWh += energyBetween({ at: installedAt, registerWh: installedWh }, { at: to, registerWh: end.energyWh });
    if (from >= to) continue; // taken off before the period began
    const start = registerOn(from);
    if (!start) return undefined;
    estimated ||= start.estimated || end.estimated;
  }
  const energyWh = energyToBill(usedWh, stretches[0]!.billedWh);
  const { accountId, servicePointId, currency, tariffCode, usedInYearWh, usedInMonthWh } = stretches[0]!;
  const tariff = findTariff(tariffCode, periodFrom);
  if (!tariff) return undefined;
  const alreadyUsedInTierPeriodWh = tariff.kind === 'TIERED_BY_YEAR' ? usedInYearWh : usedInMonthWh;
  const priced = priceUsageByCode({ code: tariffCode, energyWh, alreadyUsedInTierPeriodWh, periodFrom, periodTo });
  return {
    id: newId(),
    accountId,
    servicePointId,
    periodFrom,
    periodTo,
    energyWh,
    estimated,
    dueDate: addDays(issuedOn, PAYMENT_TERM_DAYS),
    currency,
    totalMinor: priced.totalMinor,
    lines: priced.lines.map(({ kind, tariffCode: code, tier, energyWh: lineWh, unitPriceMicro, amountMinor }) => ({
      kind,
      tariffCode: code,
      tier,
      energyWh: lineWh,
      unitPriceMicro,
      amountMinor,
    })),
  };
}

const firstDayOf = (stretches: readonly BillingStretch[], zone: string): string =>
  stretches[0]!.billedUntil ?? localDate(stretches[0]!.installedAt, zone);

/** The part of the billing period during which this installation was in place. */
function edgesOf(
  stretch: BillingStretch,
  periodFrom: string,
  periodTo: string,
  zone: string,
): { from: Date; to: Date } {
  const start = startOfLocalDay(periodFrom, zone);
  const end = startOfLocalDay(periodTo, zone);
  return {
    from: stretch.installedAt > start ? stretch.installedAt : start,
    to: stretch.removedAt && stretch.removedAt < end ? stretch.removedAt : end,
  };
}

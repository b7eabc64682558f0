import { insertBills, type BillToIssue } from '../billing/bill-insert.js';
import {
  billingStretches,
  lockAccountsToBill,
  periodRegisters,
  type BillingScope,
  type BillingStretch,
  type PointRange,
} from '../billing/billing-facts.js';
import {
  energyToBill,
  periodUse,
  startIsEstimated,
  useUntil,
  type PeriodRegisters,
  type RegisterOn,
} from '../billing/bill-policy.js';
import { recordSkips, type PointSkipped, type SkipReason } from '../billing/billing-skips.js';
import { pricePieces, type Piece } from '../billing/pricing-policy.js';
import { piecesOf } from '../billing/tariff-policy.js';
import { recordReadingFaults, type FaultToRecord } from '../metering/reading-faults.js';
import type { Actor } from '../platform/audit.js';
import type { Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import { addDays, localDate, startOfLocalDay } from '../platform/local-date.js';
import { registersOn } from './registers-on.js';

/** Days from the issue of a bill until it is due. */
export const PAYMENT_TERM_DAYS = 20;

/** What all bills of one run have in common. */
export interface PeriodToBill {
  readonly periodTo: string;
  /** The instant at which `periodTo` begins. */
  readonly until: Date;
  readonly timeZone: string;
  readonly issuedAt: Date;
  readonly dueDate: string;
  readonly runId: string | null;
}

/** The period of a run, from its last day and the time of issue. */
export const periodToBill = (
  periodTo: string,
  issuedAt: Date,
  timeZone: string,
  runId: string | null,
): PeriodToBill => ({
  periodTo,
  until: startOfLocalDay(periodTo, timeZone),
  timeZone,
  issuedAt,
  dueDate: addDays(localDate(issuedAt, timeZone), PAYMENT_TERM_DAYS),
  runId,
});

/** A point to be billed, or the reason why it cannot be, and what was found wrong with its readings. */
interface Computed {
  readonly bill?: BillToIssue;
  readonly skipped?: SkipReason;
  readonly faults: readonly FaultToRecord[];
}

/**
 * Bills a range of service points in the caller's transaction: locks the accounts that have something to bill, computes, issues, and
 * keeps as facts which points could not be billed and which readings were missed or estimated. Returns how many bills it issued, and
 * the points passed over.
 */
export async function billPoints(
  tx: Tx,
  range: PointRange,
  scope: BillingScope,
  period: PeriodToBill,
  actor: Actor,
): Promise<{ readonly issued: number; readonly skipped: readonly PointSkipped[] }> {
  if ((await lockAccountsToBill(tx, range, scope, period.periodTo)) === 0) return { issued: 0, skipped: [] };
  const points = Map.groupBy(await billingStretches(tx, range, scope, period), ({ servicePointId }) => servicePointId);
  const registerOn = await registersOf(tx, points, period);
  const split = await periodSplits(tx, points, period);
  const pieces = new Map<string, readonly Piece[] | undefined>();
  const bills: BillToIssue[] = [];
  const skipped: PointSkipped[] = [];
  const faults: FaultToRecord[] = [];
  for (const [servicePointId, stretches] of points) {
    const computed = computeBill(stretches, period, registerOn, split.get(servicePointId), pieces);
    faults.push(...computed.faults);
    if (computed.bill) bills.push(computed.bill);
    if (computed.skipped) {
      skipped.push({ id: newId(), servicePointId, accountId: stretches[0]!.accountId, reason: computed.skipped });
    }
  }
  const issued = await issue(tx, bills, period, actor);
  await recordSkips(tx, skipped, period, actor);
  await recordReadingFaults(tx, faults, period.issuedAt, actor);
  return { issued, skipped };
}

async function issue(tx: Tx, bills: readonly BillToIssue[], period: PeriodToBill, actor: Actor): Promise<number> {
  let issued = 0;
  // An account with several service points gets them in separate rounds, since credit is spent once.
  for (let rest = [...bills]; rest.length > 0;) {
    const round = new Map(rest.map((bill) => [bill.accountId, bill]));
    issued += (await insertBills(tx, [...round.values()], period.issuedAt, actor, period.runId)).length;
    rest = rest.filter((bill) => round.get(bill.accountId) !== bill);
  }
  return issued;
}

/** Registers at the edges of the period. Nearly all were read exactly there and came with the stretches; the rest is looked up. */
async function registersOf(
  tx: Tx,
  points: ReadonlyMap<string, readonly BillingStretch[]>,
  period: PeriodToBill,
): Promise<RegisterOn> {
  const exact = new Map<string, bigint>();
  const unknown = [...points.values()].flatMap((stretches) => {
    const from = startOfPeriod(stretches, period);
    return stretches.flatMap(({ installationId, installedAt, removedAt, startWh, endWh }) => {
      if (startWh !== null) exact.set(`${installationId} ${from.getTime()}`, startWh);
      if (endWh !== null) exact.set(`${installationId} ${period.until.getTime()}`, endWh);
      return [
        ...(startWh === null && installedAt < from ? [{ installationId, instant: from }] : []),
        ...(endWh === null && (removedAt === null || removedAt > period.until)
          ? [{ installationId, instant: period.until }]
          : []),
      ];
    });
  });
  const lookedUp = await registersOn(tx, unknown);
  return (installation, instant) => {
    const energyWh = exact.get(`${installation.installationId} ${instant.getTime()}`);
    return energyWh === undefined ? lookedUp(installation, instant) : { energyWh, estimated: false };
  };
}

/** What the registers per time-of-use period counted, for points with such a tariff and one meter throughout. */
async function periodSplits(
  tx: Tx,
  points: ReadonlyMap<string, readonly BillingStretch[]>,
  period: PeriodToBill,
): Promise<Map<string, PeriodRegisters>> {
  const timed = [...points].filter(
    ([, stretches]) => stretches.length === 1 && hasPeriods(stretches[0]!.tariffCode, period.periodTo),
  );
  const edges = timed.flatMap(([, [stretch]]) => {
    const { installationId, installedAt } = stretch!;
    const start = startOfPeriod([stretch!], period);
    return [
      { installationId, instant: installedAt > start ? installedAt : start },
      { installationId, instant: period.until },
    ];
  });
  const read = await periodRegisters(tx, edges);
  return new Map(
    timed.flatMap(([servicePointId], index) => {
      const use = periodUse(read.get(2 * index), read.get(2 * index + 1));
      return use ? [[servicePointId, use] as const] : [];
    }),
  );
}

const hasPeriods = (tariffCode: string, periodTo: string): boolean =>
  piecesOf(tariffCode, addDays(periodTo, -1), periodTo)?.[0]?.tariff.kind === 'TIME_OF_USE';

function computeBill(
  stretches: readonly BillingStretch[],
  period: PeriodToBill,
  registerOn: RegisterOn,
  periodUseWh: PeriodRegisters | undefined,
  knownPieces: Map<string, readonly Piece[] | undefined>,
): Computed {
  const { periodTo, until, timeZone } = period;
  const point = stretches[0]!;
  const { accountId, servicePointId, currency, tariffCode } = point;
  const periodFrom = firstDayOf(stretches, timeZone);
  const use = useUntil(stretches, until, registerOn);
  const startEstimated = startIsEstimated(stretches, startOfPeriod(stretches, period), until, registerOn);
  const faults = faultsOf(stretches, until, use);
  if (!use || startEstimated === undefined) return { skipped: 'NO_READING', faults };
  const key = `${tariffCode} ${periodFrom}`;
  if (!knownPieces.has(key)) knownPieces.set(key, piecesOf(tariffCode, periodFrom, periodTo));
  const pieces = knownPieces.get(key);
  if (!pieces) return { skipped: 'NO_TARIFF', faults };
  if (pieces[0]!.tariff.currency !== currency) return { skipped: 'CURRENCY_DIFFERS', faults };
  const energyWh = energyToBill(use.usedWh, point.billedWh);
  const priced = pricePieces(pieces, {
    energyWh,
    alreadyUsedInTierPeriodWh: alreadyUsed(pieces[0]!, point),
    periodUseWh,
    lowIncome: point.lowIncome,
  });
  return {
    faults,
    bill: {
      id: newId(),
      accountId,
      servicePointId,
      periodFrom,
      periodTo,
      energyWh,
      estimated: startEstimated || use.estimated !== undefined,
      dueDate: period.dueDate,
      currency,
      totalMinor: priced.totalMinor,
      lines: priced.lines,
    },
  };
}

/** Energy used in the tier period before the bill. A correction in the customer's favour may have left less than nothing of it. */
export function alreadyUsed(
  { tariff }: Piece,
  used: { readonly usedInYearWh: bigint; readonly usedInMonthWh: bigint },
): bigint {
  const byYear =
    tariff.kind === 'TIERED_BY_YEAR' || (tariff.kind === 'TIME_OF_USE' && tariff.surcharges?.per === 'YEAR');
  const usedWh = byYear ? used.usedInYearWh : used.usedInMonthWh;
  return usedWh > 0n ? usedWh : 0n;
}

/** What was wrong with reading the meter in place at the settlement boundary: missed (漏抄) when nothing was read there, and estimated (估抄). */
function faultsOf(
  stretches: readonly BillingStretch[],
  until: Date,
  use: ReturnType<typeof useUntil>,
): FaultToRecord[] {
  const last = stretches.at(-1)!;
  if (last.endWh !== null || (last.removedAt !== null && last.removedAt <= until)) return [];
  const missed = { kind: 'MISSED', installationId: last.installationId, readAt: until } as const;
  if (!use?.estimated) return [missed];
  const { energyWh, method } = use.estimated.register;
  return [missed, { kind: 'ESTIMATED', installationId: use.estimated.installationId, readAt: until, energyWh, method }];
}

const firstDayOf = (stretches: readonly BillingStretch[], zone: string): string =>
  stretches[0]!.billedUntil ?? localDate(stretches[0]!.installedAt, zone);

const startOfPeriod = (stretches: readonly BillingStretch[], { timeZone }: PeriodToBill): Date =>
  startOfLocalDay(firstDayOf(stretches, timeZone), timeZone);

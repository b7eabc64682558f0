import type { LockedAccount } from '../accounts/accounts.js';
import { allocate } from '../billing/allocation-policy.js';
import { openBills } from '../billing/bills.js';
import {
  energyToBill,
  periodUse,
  startIsEstimated,
  useUntil,
  type InstallationToBill,
} from '../billing/bill-policy.js';
import { lowIncomeOnDays, periodRegisters } from '../billing/billing-facts.js';
import { lineDifferences } from '../billing/correction-policy.js';
import {
  applyCredit,
  creditOf,
  insertCorrection,
  installationsAt,
  standingBills,
  type CorrectionToIssue,
  type StandingBill,
} from '../billing/corrections.js';
import { pricePieces } from '../billing/pricing-policy.js';
import { piecesOf } from '../billing/tariff-policy.js';
import type { Actor } from '../platform/audit.js';
import type { Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { newId } from '../platform/ids.js';
import { LIMITS } from '../platform/limits.js';
import { addDays, localDate, startOfLocalDay } from '../platform/local-date.js';
import { alreadyUsed, PAYMENT_TERM_DAYS } from './bill-points.js';
import type { FlowContext } from './context.js';
import { registersOn } from './registers-on.js';
import { releaseSupply } from './release-supply.js';

/** The bills of a service point, and what the registers say was used up to the end of each (undefined: not known). */
export interface BilledUse {
  readonly bills: readonly StandingBill[];
  readonly installations: readonly InstallationToBill[];
  readonly usedWh: readonly (bigint | undefined)[];
}

/** Looks at the bills of a service point and their registers as they stand; the account must be locked. */
export async function billedUse(ctx: FlowContext, tx: Tx, servicePointId: string): Promise<BilledUse> {
  const bills = await standingBills(tx, servicePointId);
  const installations = await installationsAt(tx, servicePointId);
  const ends = bills.map(({ periodTo }) => startOfLocalDay(periodTo, ctx.timeZone));
  const registerOn = await registersOn(tx, edgesAt(installations, ends));
  return { bills, installations, usedWh: ends.map((end) => useUntil(installations, end, registerOn)?.usedWh) };
}

const edgesAt = (installations: readonly InstallationToBill[], instants: readonly Date[]) =>
  installations.flatMap(({ installationId, installedAt, removedAt }) =>
    instants
      .filter((instant) => installedAt < instant && (removedAt === null || instant < removedAt))
      .map((instant) => ({ installationId, instant })),
  );

/** What rebilling did: correction bills, and restores that became due because nothing is overdue any more. */
export interface Rebilled {
  readonly correctionBillIds: readonly string[];
  readonly restoreCommandIds: readonly string[];
}

/**
 * Bills a service point anew after its readings were corrected (退补电费). From the first bill whose registers changed, every bill is
 * computed as it would have been; where it differs a correction bill takes back what was charged and charges the right amount, naming
 * the old bill. A difference in the customer's favour becomes credit, pays what is open, oldest first, and brings supply back if
 * nothing is overdue any more; one against the customer is due with the full term. The account must be locked.
 *
 * @param before what {@link billedUse} saw before the correction
 * @throws UserError TOO_MANY_BILLS
 */
export async function rebill(
  ctx: FlowContext,
  tx: Tx,
  account: LockedAccount,
  before: BilledUse,
  by: { readonly at: Date; readonly actor: Actor; readonly reason: string },
): Promise<Rebilled> {
  const servicePointId = before.bills[0]?.servicePointId;
  if (!servicePointId) return NOTHING;
  const now = await billedUse(ctx, tx, servicePointId);
  const first = now.usedWh.findIndex((usedWh, index) => usedWh !== before.usedWh[index]);
  if (first < 0) return NOTHING;
  if (now.bills.length - first > LIMITS.billsRecomputed.value) {
    throw new UserError(
      'TOO_MANY_BILLS',
      `This reading is the base of more than ${LIMITS.billsRecomputed.value} bills. Settle so old a mistake by hand.`,
    );
  }
  const corrections = await correctionsFrom(ctx, tx, now, first, by);
  for (const correction of corrections) await insertCorrection(tx, correction, by.at, by.actor);
  const inFavour = corrections.filter(({ totalMinor }) => totalMinor < 0n);
  if (inFavour.length > 0) await spendCredit(tx, account, by.at);
  return {
    correctionBillIds: corrections.map(({ id }) => id),
    restoreCommandIds: inFavour.length > 0 ? await releaseSupply(ctx, tx, account, null, by.at, by.actor) : [],
  };
}

const NOTHING: Rebilled = { correctionBillIds: [], restoreCommandIds: [] };

/** Credit pays what is open, the oldest first: so it ends arrears before it pays what is not due yet. */
export async function spendCredit(tx: Tx, account: LockedAccount, at: Date): Promise<void> {
  const amountMinor = await creditOf(tx, account.id);
  const { allocations } = allocate({ amountMinor, bills: await openBills(tx, account.id) });
  await applyCredit(tx, account, allocations, at);
}

async function correctionsFrom(
  ctx: FlowContext,
  tx: Tx,
  { bills, installations, usedWh }: BilledUse,
  first: number,
  by: { readonly at: Date; readonly reason: string },
): Promise<CorrectionToIssue[]> {
  const zone = ctx.timeZone;
  const dueDate = addDays(localDate(by.at, zone), PAYMENT_TERM_DAYS);
  const wrong = bills.slice(first);
  const instants = wrong.flatMap(({ periodFrom, periodTo }) => [
    startOfLocalDay(periodFrom, zone),
    startOfLocalDay(periodTo, zone),
  ]);
  const registerOn = await registersOn(tx, edgesAt(installations, instants));
  const lowIncome = await lowIncomeOnDays(
    tx,
    wrong[0]!.accountId,
    wrong.map(({ periodTo }) => ({ day: periodTo, instant: startOfLocalDay(periodTo, zone) })),
  );
  const splits = await splitsOf(tx, installations, instants);
  /** What each bill should have charged, so far as it has been gone through; the earlier ones stand. */
  const rightWh = bills.slice(0, first).map(({ energyWh }) => energyWh);
  return wrong.flatMap((bill, index) => {
    const used = usedWh[first + index];
    const pieces = piecesOf(bill.tariffCode, bill.periodFrom, bill.periodTo);
    if (used === undefined || !pieces) {
      rightWh.push(bill.energyWh);
      return [];
    }
    const energyWh = energyToBill(
      used,
      rightWh.reduce((sum, wh) => sum + wh, 0n),
    );
    const usedSince = (from: string): bigint =>
      rightWh.reduce((sum, wh, place) => (bills[place]!.periodFrom >= from ? sum + wh : sum), 0n);
    const priced = pricePieces(pieces, {
      energyWh,
      alreadyUsedInTierPeriodWh: alreadyUsed(pieces[0]!, {
        usedInYearWh: usedSince(`${bill.periodFrom.slice(0, 4)}-01-01`),
        usedInMonthWh: usedSince(`${bill.periodFrom.slice(0, 7)}-01`),
      }),
      periodUseWh: splits[index],
      lowIncome: lowIncome.has(index),
    });
    rightWh.push(energyWh);
    const lines = lineDifferences(bill.lines, priced.lines);
    if (lines.length === 0 && energyWh === bill.energyWh) return [];
    const [from, until] = [instants[2 * index]!, instants[2 * index + 1]!];
    return [
      {
        id: newId(),
        corrects: bill,
        energyWh: energyWh - bill.energyWh,
        totalMinor: priced.totalMinor - bill.totalMinor,
        newTotalMinor: priced.totalMinor,
        lines,
        estimated:
          startIsEstimated(installations, from, until, registerOn) !== false ||
          useUntil(installations, until, registerOn)?.estimated !== undefined,
        dueDate,
        reason: by.reason,
      },
    ];
  });
}

/** What the registers per time-of-use period counted in each period, where one meter was in place throughout and has them. */
async function splitsOf(tx: Tx, installations: readonly InstallationToBill[], instants: readonly Date[]) {
  const edges = instants.map((instant) => ({
    installationId: installations.find(({ removedAt }) => removedAt === null || instant <= removedAt)!.installationId,
    instant,
  }));
  const read = await periodRegisters(tx, edges);
  return instants
    .filter((_, place) => place % 2 === 0)
    .map((_, index) =>
      edges[2 * index]!.installationId === edges[2 * index + 1]!.installationId
        ? periodUse(read.get(2 * index), read.get(2 * index + 1))
        : undefined,
    );
}

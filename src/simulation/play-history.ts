import { lockAccounts } from '../accounts/accounts.js';
import { lockNotices, moveNotices } from '../dunning/notices.js';
import { systemActor, type FlowContext } from '../flows/context.js';
import { issueBills } from '../flows/issue-bills.js';
import { receivePayment } from '../flows/receive-payment.js';
import { runDunning } from '../flows/run-dunning.js';
import type { Clock } from '../platform/clock.js';
import { statement } from '../platform/database.js';
import { addDays, addMonths, startOfLocalDay } from '../platform/local-date.js';
import type { SimulatedDistrict, WorldPlan } from './world.js';

const ACTOR = systemActor('open-world');
const PAYERS_AT_ONCE = 8;
const HOUR_MS = 3_600_000;
/** Bills come at nine in the morning; whoever pays does so eight days later. */
const BILL_HOUR = 9;
const PAYING_AFTER_DAYS = 8;
/** Days after a bill on which the arrears are followed up: once the prompt payers have paid, so that nobody is reminded in vain. */
const DUNNING_DAYS = [9, 12, 15, 18, 21, 24, 27];
/** In the last month before the world starts, before the payments: the notice of the cut is served in its lawful week. */
const LAST_DUNNING_DAY = 4;
const HANDED_OVER_AFTER_MS = 4 * HOUR_MS;
const NOTICES_AT_ONCE = 500;

/** A district that stands there, with everything that is known about its premises. */
export type PlacedDistrict = SimulatedDistrict & { readonly districtId: string };

const UNPAID = statement(
  'world-unpaid',
  `SELECT a.account_number AS "accountNumber", a.due_minor AS "dueMinor" FROM account a JOIN transformer_district d ON d.id = a.district_id
   WHERE d.code = $1 AND a.due_minor > 0 AND a.account_number = ANY($2::text[])`,
);

/**
 * Plays what happened before the world starts, in the order of the days: bills month by month, each paid a week later by those who pay; and,
 * if the plan says so, the arrears of the others followed up, each notice served on the day it was made, the notice of the cut in the
 * week before the start.
 *
 * @param step called after each month of each district
 */
export async function playHistory(
  ctx: FlowContext,
  districts: readonly PlacedDistrict[],
  firstDay: string,
  plan: WorldPlan,
  step: () => void,
): Promise<void> {
  for (let month = 1; month <= plan.months; month += 1) {
    const billed = addMonths(firstDay, month);
    const issuedAt = instantOf(ctx, billed, BILL_HOUR);
    for (const { districtId } of districts) await issueBills(ctx, { districtId, periodTo: billed, issuedAt }, ACTOR);
    const last = month === plan.months;
    if (plan.dunned && last) await followUp(ctx, instantOf(ctx, addDays(billed, LAST_DUNNING_DAY), BILL_HOUR), true);
    for (const district of districts) {
      await payPromptly(ctx, district, addDays(billed, PAYING_AFTER_DAYS), billed);
      step();
    }
    if (!plan.dunned || last) continue;
    for (const days of DUNNING_DAYS) await followUp(ctx, instantOf(ctx, addDays(billed, days), BILL_HOUR), false);
  }
}

const instantOf = (ctx: FlowContext, date: string, hour: number): Date =>
  new Date(startOfLocalDay(date, ctx.timeZone).getTime() + hour * HOUR_MS);

async function payPromptly(ctx: FlowContext, district: PlacedDistrict, date: string, billed: string): Promise<void> {
  const payers = district.premises.filter(({ inArrears }) => !inArrears).map(({ accountNumber }) => accountNumber);
  const then: FlowContext = { ...ctx, clock: standingClock(ctx.clock, instantOf(ctx, date, BILL_HOUR)) };
  const unpaid = await ctx.db.rows<{ accountNumber: string; dueMinor: bigint }>(UNPAID, [district.code, payers]);
  await Promise.all(
    Array.from({ length: PAYERS_AT_ONCE }, async (_, lane) => {
      for (let i = lane; i < unpaid.length; i += PAYERS_AT_ONCE) {
        const { accountNumber, dueMinor } = unpaid[i]!;
        await receivePayment(
          then,
          {
            idempotencyKey: `world-${accountNumber}-${billed}`,
            accountNumber,
            amountMinor: dueMinor,
            currency: 'CNY',
            channel: 'BANK',
          },
          ACTOR,
        );
      }
    }),
  );
}

const PREPARED = statement(
  'world-prepared-notices',
  `SELECT id, account_id AS "accountId" FROM notice WHERE state = 'PREPARED' AND ($1 OR purpose <> 'CUT_NOTICE') ORDER BY id LIMIT ${NOTICES_AT_ONCE}`,
);

/** Does what the ladders ask for on a day, and has every notice handed over a few hours later. */
async function followUp(ctx: FlowContext, at: Date, withCutNotices: boolean): Promise<void> {
  const servedAt = new Date(at.getTime() + HANDED_OVER_AFTER_MS);
  const then: FlowContext = { ...ctx, clock: standingClock(ctx.clock, at) };
  await runDunning(then, at);
  for (;;) {
    const served = await ctx.db.transaction('open-world', async (tx) => {
      const prepared = await tx.rows<{ id: string; accountId: string }>(PREPARED, [withCutNotices]);
      await lockAccounts(tx, [...new Set(prepared.map(({ accountId }) => accountId))].toSorted());
      const notices = await lockNotices(
        tx,
        prepared.map(({ id }) => id),
      );
      await moveNotices(
        tx,
        notices.map(({ id, acceptedProofs }) => ({
          id,
          from: 'PREPARED' as const,
          to: 'SERVED' as const,
          servedAt,
          proofKind: acceptedProofs[0] ?? 'DELIVERY_REPORT',
          proofReference: `world ${servedAt.toISOString().slice(0, 10)}`,
        })),
        { actor: ACTOR, at: servedAt },
      );
      return notices.length;
    });
    if (served < NOTICES_AT_ONCE) return;
  }
}

/** A clock that stands at an instant of the past, for facts of the history. */
const standingClock = (clock: Clock, at: Date): Clock => ({
  now: () => at,
  wallNow: () => clock.wallNow(),
  productMs: (wallMs) => clock.productMs(wallMs),
  state: clock.state,
  reload: () => clock.reload(),
});

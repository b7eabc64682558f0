import { hasUnbilledDays } from '../billing/billing-facts.js';
import { datesBetween, settlementDays } from '../billing/settlement-calendar-policy.js';
import { statement } from '../platform/database.js';
import { addMonths, localDate, startOfLocalDay } from '../platform/local-date.js';
import type { FlowContext } from './context.js';
import { settleDistrict } from './work-billing-run.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** After the clock was moved, meters get this long (wall ms) to send the readings they owe before a settlement estimates them. */
const READINGS_GRACE_MS = 15_000;
/** A settlement waits this long (product ms) for missing readings, as long as fewer than this share are there. */
const SETTLEMENT_WAIT_MS = 48 * HOUR_MS;
const ENOUGH_READINGS = 0.95;
/** How soon a waiting settlement looks again: wall ms after a clock move, product ms otherwise. */
const GRACE_LOOK_MS = 1_000;
const SETTLEMENT_LOOK_MS = 10 * MINUTE_MS;

/** Accounts of a district that are settled equally often. */
interface Cadence {
  readonly districtId: string;
  readonly settlementDay: number;
  readonly settlementsPerMonth: number;
  readonly billedUntil: string | null;
}

const CADENCES = statement(
  'settle-districts-cadences',
  `SELECT d.id AS "districtId", d.settlement_day AS "settlementDay", a.settlements_per_month AS "settlementsPerMonth", max(b.period_to) AS "billedUntil"
   FROM transformer_district d JOIN service_point sp ON sp.district_id = d.id JOIN account a ON a.id = sp.account_id AND a.closed_at IS NULL
   LEFT JOIN bill b ON b.service_point_id = sp.id
   GROUP BY d.id, a.settlements_per_month ORDER BY d.id, a.settlements_per_month`,
);
const COVERAGE = statement(
  'settle-districts-coverage',
  `SELECT count(*)::int AS points,
          count(*) FILTER (WHERE EXISTS (SELECT FROM reading r WHERE r.meter_id = i.meter_id AND r.read_at = $2 AND r.usable AND r.quality = 'ACTUAL'))::int AS read
   FROM service_point sp JOIN account a ON a.id = sp.account_id AND a.closed_at IS NULL AND a.settlements_per_month = ANY($3)
   JOIN meter_installation i ON i.service_point_id = sp.id AND i.removed_at IS NULL WHERE sp.district_id = $1`,
);

/**
 * Bills every district whose settlement day (结算日) has come, month by month, once its meters have been read or waited for. Accounts
 * that are settled several times a month are billed on their further days as well. Asks to look again sooner while it waits.
 */
export async function settleDistricts(ctx: FlowContext, at: Date): Promise<void | number> {
  const today = localDate(at, ctx.timeZone);
  const cadences = await ctx.db.rows<Cadence>(CADENCES);
  let waitMs: number | undefined;
  for (const [districtId, own] of Map.groupBy(cadences, (cadence) => cadence.districtId)) {
    for (const [date, settlementsPerMonth] of settlementsDue(own, today)) {
      const until = startOfLocalDay(date, ctx.timeZone);
      if (!(await hasUnbilledDays(ctx.db, { districtId, settlementsPerMonth }, date, until))) continue;
      const lookAgainMs = await waitForReadings(ctx, at, { districtId, date, until, settlementsPerMonth });
      if (lookAgainMs !== undefined) {
        waitMs = Math.min(waitMs ?? Infinity, lookAgainMs);
        break;
      }
      await settleDistrict(ctx, { districtId, periodTo: date, settlementsPerMonth });
    }
  }
  return waitMs;
}

/** The settlement dates of a district up to today, in order, each with the cadences that are settled on it. */
function settlementsDue(cadences: readonly Cadence[], today: string): [date: string, settlementsPerMonth: number[]][] {
  const monthAgo = addMonths(today, -1);
  const due = new Map<string, number[]>();
  for (const { settlementDay, settlementsPerMonth, billedUntil } of cadences) {
    // From the last bill on; those of the latest month are always done again, in case a run was cut short or a place was skipped.
    const from = billedUntil && billedUntil < monthAgo ? billedUntil : monthAgo;
    for (const date of datesBetween(from, today, settlementDays(settlementDay, settlementsPerMonth))) {
      due.set(date, [...(due.get(date) ?? []), settlementsPerMonth]);
    }
  }
  return [...due].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** How soon to look again when too few readings are there to settle; undefined when there are enough, or it has waited long enough. */
async function waitForReadings(
  ctx: FlowContext,
  at: Date,
  settlement: {
    readonly districtId: string;
    readonly date: string;
    readonly until: Date;
    readonly settlementsPerMonth: readonly number[];
  },
): Promise<number | undefined> {
  const { districtId, date, until, settlementsPerMonth } = settlement;
  const [coverage] = await ctx.db.rows<{ points: number; read: number }>(COVERAGE, [
    districtId,
    until,
    settlementsPerMonth,
  ]);
  const enough = coverage!.read >= coverage!.points * ENOUGH_READINGS;
  const moved = ctx.clock.wallNow().getTime() - ctx.clock.state.wallAt.getTime() < READINGS_GRACE_MS;
  const early = at.getTime() - until.getTime() < SETTLEMENT_WAIT_MS;
  if (enough || !(early || moved)) return undefined;
  ctx.log.info({ districtId, date, ...coverage }, 'settlement waits for readings');
  return moved ? ctx.clock.productMs(GRACE_LOOK_MS) : SETTLEMENT_LOOK_MS;
}

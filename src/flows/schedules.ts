import { statement } from '../platform/database.js';
import { addMonths, localDate, startOfLocalDay } from '../platform/local-date.js';
import type { Schedule } from '../platform/schedules.js';
import { lockCommands, moveCommands } from '../switching/switch-commands.js';
import { restoreWherePowerIsDue, resumeDisplacedRestores } from './apply-command-moves.js';
import { systemActor, type FlowContext } from './context.js';
import { issueBills } from './issue-bills.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const GROUP = 500;
/** Reading partitions are made this many months ahead. */
const PARTITION_MONTHS = 3;
/** After the clock was moved, meters get this long (wall ms) to send the readings they owe before a settlement estimates them. */
const READINGS_GRACE_MS = 15_000;
/** A settlement waits this long (product ms) for missing readings, as long as fewer than this share are there. */
const SETTLEMENT_WAIT_MS = 48 * HOUR;
const ENOUGH_READINGS = 0.95;
/** How soon a waiting settlement looks again: wall ms after a clock move, product ms otherwise. */
const GRACE_LOOK_MS = 1_000;
const SETTLEMENT_LOOK_MS = 10 * MINUTE;

/** Everything periodic of the product, each derived from facts. */
export const schedulesOf = (ctx: FlowContext): Schedule[] => [
  { name: 'reconcile-supply', everyMs: HOUR, run: (at) => reconcileSupply(ctx, at) },
  { name: 'expire-approvals', everyMs: 10 * MINUTE, run: (at) => expireApprovals(ctx, at) },
  { name: 'settle-districts', everyMs: HOUR, run: (at) => settleDistricts(ctx, at) },
  { name: 'clear-quarantine', everyMs: 24 * HOUR, run: (at) => clearQuarantine(ctx, at) },
  { name: 'reading-partitions', everyMs: 24 * HOUR, run: (at) => makePartitions(ctx, at) },
];

const DARK_WITHOUT_REASON = statement(
  'schedules-dark-without-reason',
  `SELECT m.id FROM meter m JOIN meter_installation i ON i.meter_id = m.id AND i.removed_at IS NULL
   WHERE m.reported_relay = 'OPEN' AND NOT m.reported_armed
     AND NOT EXISTS (SELECT FROM interruption x WHERE x.service_point_id = i.service_point_id AND x.closed_at IS NULL)
     AND NOT EXISTS (SELECT FROM switch_command c WHERE c.meter_id = m.id AND c.ended_at IS NULL)
   ORDER BY m.id LIMIT $1`,
);

/** Orders a restore wherever power is due, the meter says it is off, and nothing is under way. A cut is never ordered by itself. */
export async function reconcileSupply(ctx: FlowContext, at: Date): Promise<void> {
  for (;;) {
    const ordered = await ctx.db.transaction('reconcile-supply', async (tx) => {
      const dark = await tx.rows<{ id: string }>(DARK_WITHOUT_REASON, [GROUP]);
      return restoreWherePowerIsDue(
        ctx,
        tx,
        dark.map(({ id }) => id),
        { actor: systemActor('reconcile-supply'), at },
        'power is due, and the meter reports its relay open',
      );
    });
    if (ordered.length < GROUP) return;
  }
}

const STALE_APPROVALS = statement(
  'schedules-stale-approvals',
  `SELECT id FROM switch_command WHERE state IN ('PENDING_APPROVAL', 'QUARANTINED') AND requested_at < $1 ORDER BY requested_at LIMIT $2`,
);

/** Ends cuts that nobody approved in time: their evidence is stale. */
export async function expireApprovals(ctx: FlowContext, at: Date): Promise<void> {
  const before = new Date(at.getTime() - ctx.timings.approvalMs);
  await ctx.db.transaction('expire-approvals', async (tx) => {
    const stale = await tx.rows<{ id: string }>(STALE_APPROVALS, [before, GROUP]);
    const commands = (
      await lockCommands(
        tx,
        stale.map(({ id }) => id),
      )
    ).filter(({ state }) => state === 'PENDING_APPROVAL' || state === 'QUARANTINED');
    await moveCommands(
      tx,
      commands.map(({ id, state }) => ({
        id,
        from: state,
        to: 'EXPIRED' as const,
        code: 'NOT_APPROVED_IN_TIME',
        text: 'nobody approved the cut in time; request it anew if it is still right',
      })),
      { actor: systemActor('expire-approvals'), at },
    );
    await resumeDisplacedRestores(
      ctx,
      tx,
      commands.map(({ id }) => id),
      { actor: systemActor('expire-approvals'), at },
    );
    tx.afterCommit(() =>
      ctx.nudges.nudge(
        'changed',
        commands.map(({ id }) => id),
      ),
    );
  });
}

const DISTRICTS = statement(
  'schedules-districts',
  `SELECT d.id, d.settlement_day AS "settlementDay", max(b.period_to) AS "billedUntil"
   FROM transformer_district d JOIN service_point sp ON sp.district_id = d.id LEFT JOIN bill b ON b.service_point_id = sp.id
   GROUP BY d.id ORDER BY d.id`,
);
const COVERAGE = statement(
  'schedules-coverage',
  `SELECT count(*)::int AS points,
          count(*) FILTER (WHERE EXISTS (SELECT FROM reading r WHERE r.meter_id = i.meter_id AND r.read_at = $2 AND r.usable AND r.quality = 'ACTUAL'))::int AS read
   FROM service_point sp JOIN meter_installation i ON i.service_point_id = sp.id AND i.removed_at IS NULL WHERE sp.district_id = $1`,
);

/** Bills every district whose settlement day (结算日) has come, month by month, once its meters have been read or waited for. */
export async function settleDistricts(ctx: FlowContext, at: Date): Promise<void | number> {
  let waitMs: number | undefined;
  const zone = ctx.timeZone;
  const today = localDate(at, zone);
  for (const { id, settlementDay, billedUntil } of await ctx.db.rows<{
    id: string;
    settlementDay: number;
    billedUntil: string | null;
  }>(DISTRICTS)) {
    // From the last bill on; the latest settlement day is always done again, in case its run was cut short or a place was skipped.
    const monthAgo = addMonths(today, -1);
    for (
      let date = nextSettlement(billedUntil && billedUntil < monthAgo ? billedUntil : monthAgo, settlementDay);
      date <= today;
      date = nextSettlement(date, settlementDay)
    ) {
      const boundary = startOfLocalDay(date, zone);
      const [coverage] = await ctx.db.rows<{ points: number; read: number }>(COVERAGE, [id, boundary]);
      const enough = coverage!.read >= coverage!.points * ENOUGH_READINGS;
      const moved = ctx.clock.wallNow().getTime() - ctx.clock.state.wallAt.getTime() < READINGS_GRACE_MS;
      const early = at.getTime() - boundary.getTime() < SETTLEMENT_WAIT_MS;
      if (!enough && (early || moved)) {
        ctx.log.info({ districtId: id, date, ...coverage }, 'settlement waits for readings');
        waitMs = moved ? ctx.clock.productMs(GRACE_LOOK_MS) : SETTLEMENT_LOOK_MS;
        break;
      }
      await issueBills(ctx, { districtId: id, periodTo: date }, systemActor('settle-districts'));
    }
  }
  return waitMs;
}

/** The first settlement date after `date`. */
function nextSettlement(date: string, settlementDay: number): string {
  const sameMonth = `${date.slice(0, 7)}-${String(settlementDay).padStart(2, '0')}`;
  return sameMonth > date ? sameMonth : addMonths(sameMonth, 1);
}

const PARTITIONS = statement('schedules-partitions', `SELECT ensure_reading_partitions($1::date, $2::date) AS skipped`);

async function makePartitions(ctx: FlowContext, at: Date): Promise<void> {
  const today = localDate(at, ctx.timeZone);
  const [row] = await ctx.db.rows<{ skipped: string[] }>(PARTITIONS, [today, addMonths(today, PARTITION_MONTHS)]);
  if (row!.skipped.length > 0)
    ctx.log.warn(
      { partitions: row!.skipped },
      'readings far ahead of their month keep these partitions from being made; they stay in the default one',
    );
}

/** Long enough for any enquiry into what a meter sent. */
const QUARANTINE_DAYS = 90;
const CLEAR_QUARANTINE = statement(
  'schedules-clear-quarantine',
  `DELETE FROM uplink_quarantine WHERE received_at < $1::timestamptz - make_interval(days => ${QUARANTINE_DAYS})`,
);

async function clearQuarantine(ctx: FlowContext, at: Date): Promise<void> {
  await ctx.db.rows(CLEAR_QUARANTINE, [at]);
}

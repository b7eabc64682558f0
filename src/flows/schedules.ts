import { statement } from '../platform/database.js';
import { addMonths, localDate } from '../platform/local-date.js';
import type { Schedule } from '../platform/schedules.js';
import { lockCommands, moveCommands } from '../switching/switch-commands.js';
import { restoreWherePowerIsDue, resumeDisplacedRestores } from './apply-command-moves.js';
import { systemActor, type FlowContext } from './context.js';
import { expireHolds } from './end-hold.js';
import { proposeDailyCuts } from './propose-daily-cuts.js';
import { clearWeather } from './record-weather.js';
import { runBatches } from './run-batches.js';
import { runDunning } from './run-dunning.js';
import { dropMeterHistory, findReadingGaps } from './find-reading-gaps.js';
import { settleDistricts } from './settle-districts.js';
import { keepAllProtection } from './keep-protection.js';
import { watchOutages } from './judge-outages.js';
import { watchRestoreMeans } from './watch-restore-means.js';
import { watchRestores } from './watch-restores.js';
import { clearDryRuns, makeNightlyDryRun } from './start-dry-run.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const GROUP = 500;
/** Partitions of readings, events and states are made this many months ahead. */
const PARTITION_MONTHS = 3;
/** Everything periodic of the product, each derived from facts. */
export const schedulesOf = (ctx: FlowContext): Schedule[] => [
  { name: 'reconcile-supply', everyMs: HOUR, run: (at) => reconcileSupply(ctx, at) },
  { name: 'expire-approvals', everyMs: 10 * MINUTE, run: (at) => expireApprovals(ctx, at) },
  { name: 'expire-holds', everyMs: HOUR, run: (at) => expireHolds(ctx, at) },
  { name: 'settle-districts', everyMs: HOUR, run: (at) => settleDistricts(ctx, at) },
  { name: 'run-dunning', everyMs: HOUR, run: async (at) => void (await runDunning(ctx, at)) },
  { name: 'propose-cuts', everyMs: 24 * HOUR, run: (at) => proposeDailyCuts(ctx, at) },
  { name: 'run-batches', everyMs: MINUTE, run: (at) => runBatches(ctx, at) },
  { name: 'nightly-dry-run', everyMs: HOUR, run: (at) => makeNightlyDryRun(ctx, at) },
  { name: 'clear-dry-runs', everyMs: 24 * HOUR, run: (at) => clearDryRuns(ctx, at) },
  { name: 'watch-restores', everyMs: 10 * MINUTE, run: (at) => watchRestores(ctx, at) },
  { name: 'keep-protection', everyMs: HOUR, run: (at) => keepAllProtection(ctx, at) },
  { name: 'watch-restore-means', everyMs: 10 * MINUTE, run: (at) => watchRestoreMeans(ctx, at) },
  { name: 'watch-outages', everyMs: 10 * MINUTE, run: (at) => watchOutages(ctx, at) },
  { name: 'clear-quarantine', everyMs: 24 * HOUR, run: (at) => clearQuarantine(ctx, at) },
  { name: 'clear-weather', everyMs: 24 * HOUR, run: (at) => clearWeather(ctx, at) },
  { name: 'telemetry-partitions', everyMs: 24 * HOUR, run: (at) => makePartitions(ctx, at) },
  { name: 'reading-gaps', everyMs: 10 * MINUTE, run: (at) => findReadingGaps(ctx, at) },
];

const DARK_WITHOUT_REASON = statement(
  'schedules-dark-without-reason',
  `SELECT m.id FROM meter m JOIN meter_installation i ON i.meter_id = m.id AND i.removed_at IS NULL
   WHERE m.reported_relay = 'OPEN' AND NOT m.reported_armed AND m.credentials_refused_at IS NULL
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
  `SELECT id FROM switch_command WHERE state IN ('PENDING_APPROVAL', 'QUARANTINED') AND batch_id IS NULL AND requested_at < $1 ORDER BY requested_at LIMIT $2`,
);

/** Ends single cuts that nobody approved in time: their evidence is stale. (A batch ends with its day.) */
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

const PARTITIONS = statement(
  'schedules-partitions',
  `SELECT ensure_telemetry_partitions($1::date, $2::date) AS skipped`,
);

async function makePartitions(ctx: FlowContext, at: Date): Promise<void> {
  const today = localDate(at, ctx.timeZone);
  const [row] = await ctx.db.rows<{ skipped: string[] }>(PARTITIONS, [today, addMonths(today, PARTITION_MONTHS)]);
  if (row!.skipped.length > 0)
    ctx.log.warn(
      { partitions: row!.skipped },
      'what meters told far ahead of its month keeps these partitions from being made; they stay in the default one',
    );
}

/** Forgets old events and states of meters, where the operator has said after how many months. */
export const historySchedules = (keepMonths: number | undefined, ctx: FlowContext): Schedule[] =>
  keepMonths === undefined
    ? []
    : [{ name: 'drop-meter-history', everyMs: 24 * HOUR, run: (at) => dropMeterHistory(ctx, keepMonths, at) }];

/** Long enough for any enquiry into what a meter sent. */
const QUARANTINE_DAYS = 90;
const CLEAR_QUARANTINE = statement(
  'schedules-clear-quarantine',
  `DELETE FROM uplink_quarantine WHERE received_at < $1::timestamptz - make_interval(days => ${QUARANTINE_DAYS})`,
);

async function clearQuarantine(ctx: FlowContext, at: Date): Promise<void> {
  await ctx.db.rows(CLEAR_QUARANTINE, [at]);
}

import { batchMembers, lockBatch, moveBatch, type LockedBatch } from '../dunning/cut-batches.js';
import { rampDecision } from '../dunning/ramp-policy.js';
import { statement, type Tx } from '../platform/database.js';
import { localDate, localTime } from '../platform/local-date.js';
import { districtPerHour, systemPerDay } from '../switching/threshold-policy.js';
import { cutCounts, thresholdsAt } from '../switching/thresholds.js';
import { systemActor, type FlowContext } from './context.js';
import { lastCallLeadMs } from './queue-cuts.js';
import { endBatch, releaseStep } from './release-batch.js';

const ACTOR = systemActor('run-batches');
/** Batches open at once are few: one a district and day. */
const GROUP = 2_000;

const OPEN_BATCHES = statement(
  'run-batches-open',
  `SELECT id FROM cut_batch WHERE ended_at IS NULL ORDER BY planned_for, id LIMIT $1`,
);
const QUEUED = statement(
  'run-batches-queued',
  `SELECT count(*)::int AS system, (count(*) FILTER (WHERE p.district_id = $1))::int AS district
   FROM switch_command c JOIN service_point p ON p.id = c.service_point_id WHERE c.operation = 'CUT' AND c.state = 'QUEUED'`,
);
const POINT_OF_DISTRICT = statement(
  'run-batches-point',
  `SELECT service_point_id AS id FROM switch_command WHERE batch_id = $1 ORDER BY id LIMIT 1`,
);

/** Takes every open batch one step further, each in a transaction of its own. May run late, twice, or beside another process. */
export async function runBatches(ctx: FlowContext, at: Date): Promise<void> {
  for (const { id } of await ctx.db.rows<{ id: string }>(OPEN_BATCHES, [GROUP])) {
    await ctx.db.transaction('run-batch', async (tx) => {
      const batch = await lockBatch(tx, id);
      if (batch) await runBatch(ctx, tx, batch, at);
    });
  }
}

async function runBatch(ctx: FlowContext, tx: Tx, batch: LockedBatch, at: Date): Promise<void> {
  const today = localDate(at, ctx.timeZone);
  const by = { actor: ACTOR, at };
  if (batch.plannedFor < today) {
    const text = 'the day it was planned for is over; what was not sent is decided anew';
    return endBatch(ctx, tx, batch, 'EXPIRED', { ...by, code: 'DAY_OVER', text });
  }
  const members = await batchMembers(tx, batch.id, policiesInHours(ctx, at));
  const allowance = await allowanceOf(ctx, tx, batch, at);
  const decision = rampDecision(members, batch.rampStep, allowance);
  if (decision.kind === 'DONE') {
    const text = 'every cut of it is settled';
    return endBatch(ctx, tx, batch, 'DONE', { ...by, code: 'SETTLED', text });
  }
  if (!['APPROVED', 'RUNNING'].includes(batch.state) || batch.plannedFor > today) return;
  if (decision.kind === 'ABORT') return endBatch(ctx, tx, batch, 'ABORTED', { ...by, ...decision });
  if (decision.kind === 'WAIT') return;
  let running = batch;
  if (batch.state === 'APPROVED') {
    await moveBatch(tx, batch, 'RUNNING', { ...by, text: 'the day has come' });
    running = { ...batch, state: 'RUNNING' };
  }
  await releaseStep(ctx, tx, running, decision.commandIds, by);
  tx.afterCommit(() => ctx.nudges.nudge('changed', [batch.id]));
}

/** Codes of the policies whose hours are open now, and still are when the last call has been given its time. */
const policiesInHours = (ctx: FlowContext, at: Date): string[] =>
  ctx.policies.list
    .filter(({ policy }) => {
      const { from, to } = policy.calendar.hours;
      const sendable = new Date(at.getTime() + lastCallLeadMs(policy));
      return localTime(at, policy.timeZone) >= from && localTime(sendable, policy.timeZone).slice(0, 5) < to;
    })
    .map(({ policy }) => policy.code);

/** How many cuts thresholds and policies leave room for now: a batch of ours does not run into its own quarantine. */
async function allowanceOf(ctx: FlowContext, tx: Tx, batch: LockedBatch, at: Date): Promise<number> {
  const [point] = await tx.rows<{ id: string }>(POINT_OF_DISTRICT, [batch.id]);
  if (!point) return 0;
  const thresholds = await thresholdsAt(tx, at);
  const counts = await cutCounts(tx, { at, servicePointId: point.id, persons: [] });
  // What others have let go, and is not sent yet, takes its room as well.
  const [queued] = await tx.rows<{ system: number; district: number }>(QUEUED, [batch.districtId]);
  const caps = ctx.policies.list.map(({ policy }) => policy.volumeCap);
  const [perHour, perDay, percent] = [
    Math.min(...caps.map((cap) => cap.perHour)),
    Math.min(...caps.map((cap) => cap.perDay)),
    Math.min(...caps.map((cap) => cap.perDistrictPercentPerHour)),
  ];
  const districtCap = Math.max(1, Math.floor((counts.districtPoints * percent) / 100));
  return Math.max(
    0,
    Math.min(
      perHour - counts.systemLastHour - queued!.system,
      perDay - counts.systemLastDay - queued!.system,
      districtCap - counts.districtLastHour - queued!.district,
      Number(districtPerHour(thresholds, counts.districtPoints)) - counts.districtLastHour - queued!.district,
      Number(systemPerDay(thresholds, counts.installedMeters)) - counts.systemLastDay - queued!.system,
      Number(thresholds.SYSTEM_PER_HOUR) - counts.systemLastHour - queued!.system,
    ),
  );
}

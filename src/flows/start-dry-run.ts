import { clearOneDryRun, openDryRun, queueDryRun } from '../dunning/dry-runs.js';
import type { Actor } from '../platform/audit.js';
import { statement } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { LIMITS } from '../platform/limits.js';
import { addDays, daysBetween, localDate, localTime, startOfLocalDay, type LocalDate } from '../platform/local-date.js';
import { systemActor, type FlowContext } from './context.js';
import { earliestOpening } from './propose-cuts.js';

const DISTRICT = statement('start-dry-run-district', `SELECT id FROM transformer_district WHERE id = $1`);

/** A dry run to be made: of a district, or with null of the company, for a local day. */
export interface DryRunRequest {
  readonly districtId: string | null;
  readonly forDate: LocalDate;
  readonly note: string;
  readonly idempotencyKey: string;
}

type StartContext = Pick<FlowContext, 'db' | 'clock' | 'nudges' | 'timeZone' | 'policies'>;

/**
 * Queues a dry run; the jobs process works it off. Returns at once. While one of the same scope and day is open, that one is returned.
 *
 * @throws UserError DISTRICT_NOT_FOUND, PLANNED_DAY_OUT_OF_RANGE, DRY_RUN_OPEN (detail.dryRunId), IDEMPOTENCY_KEY_REUSED
 */
export async function startDryRun(
  ctx: StartContext,
  request: DryRunRequest,
  actor: Actor,
): Promise<{ readonly dryRunId: string; readonly replayed: boolean }> {
  const { idempotencyKey, ...content } = request;
  const { districtId, forDate, note } = content;
  return ctx.db.transaction('start-dry-run', (tx) => {
    const at = ctx.clock.now();
    return once(tx, { key: idempotencyKey, act: 'start-dry-run', content, at }, async () => {
      checkDay(forDate, localDate(at, ctx.timeZone));
      if (districtId !== null && (await tx.rows(DISTRICT, [districtId])).length === 0) {
        const text = 'There is no such transformer district. Look it up by its code.';
        throw new UserError('DISTRICT_NOT_FOUND', text, 'districtCode');
      }
      const id = newId();
      const run = {
        id,
        origin: 'REQUEST',
        districtId,
        forDate,
        judgedFor: earliestOpening(ctx, forDate),
        reason: note,
      } as const;
      for (;;) {
        if (await queueDryRun(tx, run, at, actor)) break;
        const open = await openDryRun(tx, districtId);
        if (open?.forDate === forDate) return { dryRunId: open.id };
        if (open) {
          const text = `A dry run of ${open.forDate} is under way here, and there is one at a time. Start this one when it has ended.`;
          throw new UserError('DRY_RUN_OPEN', text, 'forDate', { dryRunId: open.id });
        }
        // It ended between the two statements.
      }
      tx.afterCommit(() => {
        ctx.nudges.nudge('dry-runs');
        ctx.nudges.nudge('changed', [id]);
      });
      return { dryRunId: id };
    });
  });
}

function checkDay(forDate: LocalDate, today: LocalDate): void {
  const most = LIMITS.daysAheadOfCuts.value;
  const ahead = daysBetween(today, forDate);
  if (ahead >= 0 && ahead <= most) return;
  const text = `A dry run is made for today or a day at most ${most} days ahead.`;
  throw new UserError('PLANNED_DAY_OUT_OF_RANGE', text, 'forDate');
}

/** Local time from which on the next day's run is made: counters have closed, and what was paid today is known. */
export const NIGHTLY_FROM = '20:00';
const NIGHTLY_HOURS = Number(NIGHTLY_FROM.slice(0, 2));
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const DAY_HOURS = 24;

/**
 * Makes tomorrow's run of the company by itself, once, from {@link NIGHTLY_FROM} on. While another run of the company is open it waits
 * for the next look. Returns how long until there is something to do again, ms of product time.
 */
export async function makeNightlyDryRun(ctx: StartContext, at: Date): Promise<number | void> {
  const today = localDate(at, ctx.timeZone);
  const startsAt = new Date(startOfLocalDay(today, ctx.timeZone).getTime() + NIGHTLY_HOURS * HOUR_MS);
  if (localTime(at, ctx.timeZone) < NIGHTLY_FROM) return Math.max(MINUTE_MS, startsAt.getTime() - at.getTime());
  const forDate = addDays(today, 1);
  const id = newId();
  const run = {
    id,
    origin: 'NIGHTLY',
    districtId: null,
    forDate,
    judgedFor: earliestOpening(ctx, forDate),
    reason: 'the cuts of the next day',
  } as const;
  if (!(await queueDryRun(ctx.db, run, at, systemActor('nightly-dry-run')))) return;
  ctx.nudges.nudge('dry-runs');
  ctx.nudges.nudge('changed', [id]);
  return startsAt.getTime() + DAY_HOURS * HOUR_MS - at.getTime();
}

/** Removes runs whose day has long passed, each in a transaction of its own. */
export async function clearDryRuns(ctx: Pick<FlowContext, 'db' | 'timeZone'>, at: Date): Promise<void> {
  const before = addDays(localDate(at, ctx.timeZone), -LIMITS.dryRunKeptDays.value);
  const by = { actor: systemActor('clear-dry-runs'), at };
  while (await clearOneDryRun(ctx.db, before, by));
}

import type { Clock } from './clock.js';
import { statement, type Database } from './database.js';
import type { Logger } from './log.js';
import { Loop } from './loop.js';
import type { Nudges } from './nudges.js';

/** Work that recurs by product time. It must derive what to do from facts: a run may be late, or happen twice. */
export interface Schedule {
  readonly name: string;
  readonly everyMs: number;
  /** Does what is due at `at`. A number asks to be run again after so many ms of product time, sooner than usual. */
  run(at: Date): Promise<void | number>;
}

const ENSURE = statement(
  'schedule-ensure',
  `INSERT INTO schedule (name, next_due_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
);
const DUE = statement('schedule-due', `SELECT name FROM schedule WHERE name = ANY($1::text[]) AND next_due_at <= $2`);
// The update is the claim: of two processes only one moves the due time on.
const CLAIM = statement(
  'schedule-claim',
  `UPDATE schedule SET next_due_at = $2::timestamptz + make_interval(secs => $3::float8 / 1000), last_run_at = $2
   WHERE name = $1 AND next_due_at <= $2 RETURNING failure_count AS "failureCount"`,
);
const DONE = statement(
  'schedule-done',
  `UPDATE schedule SET last_error = NULL, failure_count = 0 WHERE name = $1 AND failure_count > 0`,
);
const SOONER = statement(
  'schedule-sooner',
  `UPDATE schedule SET next_due_at = least(next_due_at, $2::timestamptz + make_interval(secs => $3::float8 / 1000)) WHERE name = $1`,
);
const FAILED = statement(
  'schedule-failed',
  `UPDATE schedule SET last_error = $2, failure_count = failure_count + 1, next_due_at = least(next_due_at, $3::timestamptz + interval '1 minute') WHERE name = $1`,
);
const NEXT = statement(
  'schedule-next',
  `SELECT min(next_due_at) AS "nextDueAt" FROM schedule WHERE name = ANY($1::text[])`,
);

/** What running schedules needs of its process. */
export interface ScheduleContext {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Puts schedules that are new on record, due at once. */
export async function ensureSchedules({ db, clock }: ScheduleContext, schedules: readonly Schedule[]): Promise<void> {
  for (const { name } of schedules) await db.rows(ENSURE, [name, clock.now()]);
}

/** Runs every schedule that is due, in the order given; one that fails is logged, kept with its error, and runs again in a minute. */
export async function runDueSchedules(
  { db, clock, log }: ScheduleContext,
  schedules: readonly Schedule[],
): Promise<void> {
  const names = schedules.map(({ name }) => name);
  const due = new Set((await db.rows<{ name: string }>(DUE, [names, clock.now()])).map(({ name }) => name));
  for (const schedule of schedules.filter(({ name }) => due.has(name))) {
    const at = clock.now();
    const [claimed] = await db.rows<{ failureCount: number }>(CLAIM, [schedule.name, at, schedule.everyMs]);
    if (!claimed) continue;
    try {
      const againMs = await schedule.run(at);
      if (againMs !== undefined) await db.rows(SOONER, [schedule.name, at, againMs]);
      if (claimed.failureCount > 0) await db.rows(DONE, [schedule.name]);
    } catch (error) {
      log.error({ err: error, schedule: schedule.name }, 'a schedule failed; it runs again in a minute');
      await db.rows(FAILED, [schedule.name, String(error).slice(0, 500), at]);
    }
  }
}

/** The longest sleep: the clock may be moved by a process whose nudge is lost, ms. */
const MAX_SLEEP_MS = 5_000;

/** Runs schedules whose rows are due; the clock being moved wakes it. (Why not a job queue's cron: docs/decisions/0006.) */
export class Scheduler {
  private readonly loop: Loop;
  private readonly unlisten: () => void;

  constructor(
    readonly db: Database,
    readonly clock: Clock,
    nudges: Nudges,
    readonly log: Logger,
    private readonly schedules: readonly Schedule[],
  ) {
    this.loop = new Loop('schedules', () => this.round(), MAX_SLEEP_MS, log);
    this.unlisten = nudges.listen('clock', () => this.loop.wake());
  }

  async start(): Promise<void> {
    await ensureSchedules(this, this.schedules);
    this.loop.wake();
  }

  async stop(): Promise<void> {
    this.unlisten();
    await this.loop.stop();
  }

  private async round(): Promise<number> {
    await this.clock.reload();
    await runDueSchedules(this, this.schedules);
    const [next] = await this.db.rows<{ nextDueAt: Date | null }>(NEXT, [this.schedules.map(({ name }) => name)]);
    const productMs = (next?.nextDueAt?.getTime() ?? Infinity) - this.clock.now().getTime();
    const productPerWallMs = this.clock.productMs(1_000) / 1_000;
    return productPerWallMs > 0 ? Math.max(10, productMs / productPerWallMs) : MAX_SLEEP_MS;
  }
}

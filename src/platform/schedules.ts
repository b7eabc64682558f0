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
// The update is the claim: of two processes only one moves the due time on.
const CLAIM = statement(
  'schedule-claim',
  `UPDATE schedule SET next_due_at = $2::timestamptz + make_interval(secs => $3::float8 / 1000), last_run_at = $2
   WHERE name = $1 AND next_due_at <= $2 RETURNING name`,
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

/** The longest sleep: the clock may be moved by a process whose nudge is lost, ms. */
const MAX_SLEEP_MS = 5_000;

/** Runs schedules whose rows are due; the clock being moved wakes it. (Why not a job queue's cron: docs/decisions/0006.) */
export class Scheduler {
  private readonly loop: Loop;
  private readonly unlisten: () => void;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    nudges: Nudges,
    private readonly log: Logger,
    private readonly schedules: readonly Schedule[],
  ) {
    this.loop = new Loop('schedules', () => this.round(), MAX_SLEEP_MS, log);
    this.unlisten = nudges.listen('clock', () => this.loop.wake());
  }

  async start(): Promise<void> {
    for (const { name } of this.schedules) await this.db.rows(ENSURE, [name, this.clock.now()]);
    this.loop.wake();
  }

  async stop(): Promise<void> {
    this.unlisten();
    await this.loop.stop();
  }

  private async round(): Promise<number> {
    await this.clock.reload();
    for (const schedule of this.schedules) {
      const at = this.clock.now();
      if ((await this.db.rows(CLAIM, [schedule.name, at, schedule.everyMs])).length === 0) continue;
      try {
        const againMs = await schedule.run(at);
        if (againMs !== undefined) await this.db.rows(SOONER, [schedule.name, at, againMs]);
        await this.db.rows(DONE, [schedule.name]);
      } catch (error) {
        this.log.error({ err: error, schedule: schedule.name }, 'a schedule failed; it runs again in a minute');
        await this.db.rows(FAILED, [schedule.name, String(error).slice(0, 500), at]);
      }
    }
    const [next] = await this.db.rows<{ nextDueAt: Date | null }>(NEXT, [this.schedules.map(({ name }) => name)]);
    const productMs = (next?.nextDueAt?.getTime() ?? Infinity) - this.clock.now().getTime();
    const productPerWallMs = this.clock.productMs(1_000) / 1_000;
    return productPerWallMs > 0 ? Math.max(10, productMs / productPerWallMs) : MAX_SLEEP_MS;
  }
}

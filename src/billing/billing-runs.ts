import type { Actor } from '../platform/audit.js';
import { statement, type Reader, type Tx } from '../platform/database.js';
import type { PointRange } from './billing-facts.js';

/** How long the process that works on a run holds it without a sign of life. A page takes far less. */
const LEASE_SECONDS = 60;

/** Comes before every service point. */
export const FIRST_POSITION = '00000000-0000-0000-0000-000000000000';

/** A run as the process that works on it needs it. */
export interface RunToWork {
  readonly id: string;
  readonly districtId: string | null;
  readonly periodTo: string;
  readonly requestedBy: string;
}

const INSERT = statement(
  'billing-run-insert',
  `WITH started AS (
     INSERT INTO billing_run (id, origin, scope, district_id, period_to, state, requested_by, requested_at, reason)
     VALUES ($1, 'REQUEST', CASE WHEN $2::uuid IS NULL THEN 'COMPANY' ELSE 'DISTRICT' END, $2, $3, 'QUEUED', $6, $4, $7)
     ON CONFLICT DO NOTHING RETURNING id, state, scope, period_to)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, to_state, reason, detail)
   SELECT $4, $5, $6, 'billing-run.requested', 'BillingRun', id, state, $7, jsonb_build_object('scope', scope, 'periodTo', period_to) FROM started
   RETURNING subject_id AS id`,
);
const OPEN_RUN = statement(
  'billing-run-open',
  `SELECT id FROM billing_run WHERE origin = 'REQUEST' AND state IN ('QUEUED', 'RUNNING') AND district_id IS NOT DISTINCT FROM $1 AND period_to = $2`,
);

/** Queues a run. If one for the same scope and day is open, that one is returned and nothing is queued. */
export async function queueRun(
  tx: Tx,
  run: { readonly id: string; readonly districtId: string | null; readonly periodTo: string; readonly reason: string },
  at: Date,
  actor: Actor,
): Promise<string> {
  for (;;) {
    const values = [run.id, run.districtId, run.periodTo, at, actor.kind, actor.id, run.reason];
    const [queued] = await tx.rows<{ id: string }>(INSERT, values);
    if (queued) return queued.id;
    const [open] = await tx.rows<{ id: string }>(OPEN_RUN, [run.districtId, run.periodTo]);
    if (open) return open.id;
    // It ended between the two statements.
  }
}

const CLAIM = statement(
  'billing-run-claim',
  `UPDATE billing_run SET state = 'RUNNING', worker = $1, lease_wall_at = clock_timestamp() + interval '${LEASE_SECONDS} seconds', started_at = coalesce(started_at, $2)
   WHERE id = (SELECT id FROM billing_run WHERE origin = 'REQUEST' AND (state = 'QUEUED' OR (state = 'RUNNING' AND lease_wall_at < clock_timestamp()))
               ORDER BY requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
   RETURNING id, district_id AS "districtId", period_to AS "periodTo", requested_by AS "requestedBy"`,
);

/** Takes the oldest run that waits, or whose process has died; undefined when there is none. */
export const claimRun = async (db: Reader, worker: string, at: Date): Promise<RunToWork | undefined> =>
  (await db.rows<RunToWork>(CLAIM, [worker, at]))[0];

const RELEASE = statement(
  'billing-run-release',
  `UPDATE billing_run SET lease_wall_at = clock_timestamp() WHERE id = $1 AND worker = $2 AND state = 'RUNNING'`,
);

/** Gives a run back before its end, so that another process takes it up at once. */
export const releaseRun = (db: Reader, runId: string, worker: string): Promise<unknown> =>
  db.rows(RELEASE, [runId, worker]);

const SETTLEMENT = statement(
  'billing-run-settlement',
  `INSERT INTO billing_run (id, origin, scope, district_id, period_to, state, requested_by, requested_at, started_at, reason, worker, lease_wall_at)
   VALUES ($1, 'SETTLEMENT', 'DISTRICT', $2, $3, 'RUNNING', $5, $4, $4, 'settlement day', $6, clock_timestamp() + interval '${LEASE_SECONDS} seconds')
   ON CONFLICT (district_id, period_to) WHERE origin = 'SETTLEMENT'
     DO UPDATE SET state = 'RUNNING', worker = $6, ended_at = NULL, failure_text = NULL, lease_wall_at = excluded.lease_wall_at
   RETURNING id`,
);

/** The run of a district's settlement day: made when it is first done, taken up again whenever it is done once more. */
export const settlementRun = async (
  db: Reader,
  run: { readonly id: string; readonly districtId: string; readonly periodTo: string },
  worker: string,
  at: Date,
  actor: Actor,
): Promise<string> =>
  (await db.rows<{ id: string }>(SETTLEMENT, [run.id, run.districtId, run.periodTo, at, actor.id, worker]))[0]!.id;

const PAGE_DONE = statement(
  'billing-run-page',
  `INSERT INTO billing_run_page (run_id, after_id, upto_id, points, issued, skipped) VALUES ($1, $2, $3, $4, $5, $6)
   ON CONFLICT (run_id, after_id) DO UPDATE SET upto_id = excluded.upto_id, points = excluded.points,
     issued = billing_run_page.issued + excluded.issued, skipped = excluded.skipped`,
);

/** Keeps what a page did, in the page's own transaction. */
export async function recordPage(
  tx: Tx,
  runId: string,
  range: PointRange,
  done: { readonly issued: number; readonly skipped: number },
): Promise<void> {
  await tx.rows(PAGE_DONE, [runId, range.after, range.upto, range.points, done.issued, done.skipped]);
}

const PAGES = statement(
  'billing-run-pages',
  `SELECT after_id AS "afterId", upto_id AS "uptoId", points FROM billing_run_page WHERE run_id = $1`,
);

/** Up to which service point the pages of a run follow each other without a gap, and how many points that is. */
export async function runPosition(db: Reader, runId: string): Promise<{ position: string; points: number }> {
  const pages = new Map(
    (await db.rows<{ afterId: string; uptoId: string; points: number }>(PAGES, [runId])).map((page) => [
      page.afterId,
      page,
    ]),
  );
  let position = FIRST_POSITION;
  let points = 0;
  for (let page = pages.get(position); page; page = pages.get(position)) {
    position = page.uptoId;
    points += page.points;
  }
  return { position, points };
}

const PROGRESS = statement(
  'billing-run-progress',
  `UPDATE billing_run r SET total_points = coalesce($3, r.total_points), position = coalesce($4, r.position), done_points = least(p.points, coalesce($3, r.total_points)),
     issued = p.issued, skipped = p.skipped, lease_wall_at = clock_timestamp() + interval '${LEASE_SECONDS} seconds'
   FROM (SELECT coalesce(sum(points), 0)::int AS points, coalesce(sum(issued), 0)::int AS issued, coalesce(sum(skipped), 0)::int AS skipped
         FROM billing_run_page WHERE run_id = $1) p
   WHERE r.id = $1 AND r.worker = $2 AND r.state = 'RUNNING'
   RETURNING r.total_points AS "totalPoints", r.done_points AS "donePoints", r.issued, r.skipped`,
);

/** Counts of a run so far. */
export interface RunProgress {
  readonly totalPoints: number | null;
  readonly donePoints: number;
  readonly issued: number;
  readonly skipped: number;
}

/** Writes down how far a run is and holds it for another while; undefined when another process has taken it over. */
export const reportProgress = async (
  db: Reader,
  runId: string,
  worker: string,
  totalPoints: number | null,
  position: string | null,
): Promise<RunProgress | undefined> =>
  (await db.rows<RunProgress>(PROGRESS, [runId, worker, totalPoints, position]))[0];

const END = statement(
  'billing-run-end',
  `WITH ended AS (
     UPDATE billing_run SET state = $3, ended_at = $4, failure_text = $5, worker = NULL, lease_wall_at = NULL
     WHERE id = $1 AND worker = $2 AND state = 'RUNNING' RETURNING id, state, origin, issued, skipped)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, from_state, to_state, reason, detail)
   SELECT $4, $6, $7, 'billing-run.ended', 'BillingRun', id, CASE origin WHEN 'REQUEST' THEN 'QUEUED' END, state, $5, jsonb_build_object('issued', issued, 'skipped', skipped) FROM ended
   -- A settlement that is looked at again every hour and finds nothing new is not told each time.
   WHERE origin = 'REQUEST' OR state = 'FAILED'`,
);

/** Ends a run that is still this worker's. */
export async function endRun(
  db: Reader,
  runId: string,
  worker: string,
  end: { readonly state: 'DONE' | 'FAILED'; readonly failureText: string | null },
  at: Date,
  actor: Actor,
): Promise<void> {
  await db.rows(END, [runId, worker, end.state, at, end.failureText, actor.kind, actor.id]);
}

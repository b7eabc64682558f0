import type { Actor } from '../platform/audit.js';
import { statement, type Reader, type Tx } from '../platform/database.js';
import type { LocalDate } from '../platform/local-date.js';
import type { CutDryRunLine } from './dry-run.js';

/** How long the process that works on a run holds it without a sign of life. A page takes far less. */
const LEASE_SECONDS = 60;

/** A run to be queued. */
export interface NewDryRun {
  readonly id: string;
  readonly origin: 'REQUEST' | 'NIGHTLY';
  /** Null: the company. */
  readonly districtId: string | null;
  readonly forDate: LocalDate;
  readonly judgedFor: Date;
  readonly reason: string;
}

const INSERT = statement(
  'dry-run-insert',
  `WITH queued AS (
     INSERT INTO cut_dry_run (id, origin, scope, district_id, for_date, judged_for, state, requested_by, requested_at, reason)
     VALUES ($1, $2, CASE WHEN $3::uuid IS NULL THEN 'COMPANY' ELSE 'DISTRICT' END, $3, $4, $5, 'QUEUED', $8, $6, $9)
     ON CONFLICT DO NOTHING RETURNING id, state, scope, for_date)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, to_state, reason, detail)
   SELECT $6, $7, $8, 'cut-dry-run.requested', 'CutDryRun', id, state, $9, jsonb_build_object('scope', scope, 'forDate', for_date) FROM queued
   RETURNING subject_id AS id`,
);
const OPEN_RUN = statement(
  'dry-run-open',
  `SELECT id, for_date AS "forDate" FROM cut_dry_run WHERE state IN ('QUEUED', 'RUNNING') AND district_id IS NOT DISTINCT FROM $1`,
);

/** Queues a run; false when one of the same scope is open, or the nightly one of that day was made before. */
export async function queueDryRun(tx: Reader, run: NewDryRun, at: Date, actor: Actor): Promise<boolean> {
  const { id, origin, districtId, forDate, judgedFor, reason } = run;
  const values = [id, origin, districtId, forDate, judgedFor, at, actor.kind, actor.id, reason];
  return (await tx.rows(INSERT, values)).length > 0;
}

/** The open run of a district, or of the company; there is at most one. */
export const openDryRun = async (
  tx: Reader,
  districtId: string | null,
): Promise<{ readonly id: string; readonly forDate: LocalDate } | undefined> =>
  (await tx.rows<{ id: string; forDate: LocalDate }>(OPEN_RUN, [districtId]))[0];

/** A run as the process that works on it needs it. */
export interface DryRunToWork {
  readonly id: string;
  readonly districtId: string | null;
  readonly forDate: LocalDate;
  readonly judgedFor: Date;
  readonly requestedBy: string;
  readonly origin: 'REQUEST' | 'NIGHTLY';
  /** The last service point judged; null: none yet. */
  readonly position: string | null;
}

const CLAIM = statement(
  'dry-run-claim',
  `UPDATE cut_dry_run SET state = 'RUNNING', worker = $1, lease_wall_at = clock_timestamp() + interval '${LEASE_SECONDS} seconds', started_at = coalesce(started_at, $2)
   WHERE id = (SELECT id FROM cut_dry_run WHERE state = 'QUEUED' OR (state = 'RUNNING' AND lease_wall_at < clock_timestamp())
               ORDER BY requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
   RETURNING id, district_id AS "districtId", for_date AS "forDate", judged_for AS "judgedFor", requested_by AS "requestedBy", origin, position`,
);

/** Takes the oldest run that waits, or whose process has died; undefined when there is none. */
export const claimDryRun = async (db: Reader, worker: string, at: Date): Promise<DryRunToWork | undefined> =>
  (await db.rows<DryRunToWork>(CLAIM, [worker, at]))[0];

const RELEASE = statement(
  'dry-run-release',
  `UPDATE cut_dry_run SET lease_wall_at = clock_timestamp() WHERE id = $1 AND worker = $2 AND state = 'RUNNING'`,
);

/** Gives a run back before its end, so that another process takes it up at once. */
export const releaseDryRun = (db: Reader, runId: string, worker: string): Promise<unknown> =>
  db.rows(RELEASE, [runId, worker]);

const PROGRESS = statement(
  'dry-run-progress',
  `UPDATE cut_dry_run SET position = $3, considered = considered + $4, permitted = permitted + $5,
     lease_wall_at = clock_timestamp() + interval '${LEASE_SECONDS} seconds'
   WHERE id = $1 AND worker = $2 AND state = 'RUNNING' RETURNING considered, permitted`,
);
const INSERT_LINES = statement(
  'dry-run-lines',
  `INSERT INTO cut_dry_run_line (run_id, service_point_id, account_id, reason, permitted, blocking, reasons, debt_minor, currency, policy_code, policy_version)
   SELECT $1, "servicePointId", "accountId", reason, permitted, blocking, reasons, "debtMinor", currency, "policyCode", "policyVersion"
   FROM jsonb_to_recordset($2::jsonb) AS l ("servicePointId" uuid, "accountId" uuid, reason text, permitted boolean, blocking text[], reasons jsonb,
     "debtMinor" bigint, currency text, "policyCode" text, "policyVersion" integer)`,
);

/** A line to be written, of the page that is being judged. */
export type NewDryRunLine = Omit<CutDryRunLine, 'runId'>;

/** How far a run is. */
export interface DryRunProgress {
  readonly considered: number;
  readonly permitted: number;
}

/** Money as text: a JSON number would lose fen. */
const asText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/**
 * Writes the lines of a page and how far the run is, in the page's own transaction: both or neither. Returns undefined, having written
 * nothing, when another process has taken the run over.
 */
export async function recordDryRunPage(
  tx: Tx,
  run: { readonly id: string; readonly worker: string },
  page: { readonly upTo: string; readonly lines: readonly NewDryRunLine[] },
): Promise<DryRunProgress | undefined> {
  const permitted = page.lines.filter((line) => line.permitted).length;
  // First: it locks the run, so that of two workers only its owner goes on to write.
  const [progress] = await tx.rows<DryRunProgress>(PROGRESS, [
    run.id,
    run.worker,
    page.upTo,
    page.lines.length,
    permitted,
  ]);
  if (progress && page.lines.length > 0) await tx.rows(INSERT_LINES, [run.id, JSON.stringify(page.lines, asText)]);
  return progress;
}

const END = statement(
  'dry-run-end',
  `WITH ended AS (
     UPDATE cut_dry_run SET state = $3, ended_at = $4, failure_text = $5, worker = NULL, lease_wall_at = NULL
     WHERE id = $1 AND worker = $2 AND state = 'RUNNING' RETURNING id, state, considered, permitted)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, from_state, to_state, reason, detail)
   SELECT $4, $6, $7, 'cut-dry-run.ended', 'CutDryRun', id, 'QUEUED', state, $5, jsonb_build_object('considered', considered, 'permitted', permitted) FROM ended`,
);

/** Ends a run that is still this worker's. */
export async function endDryRun(
  db: Reader,
  run: { readonly id: string; readonly worker: string },
  end: { readonly state: 'DONE' | 'FAILED'; readonly failureText: string | null },
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  await db.rows(END, [run.id, run.worker, end.state, by.at, end.failureText, by.actor.kind, by.actor.id]);
}

const CLEAR = statement(
  'dry-run-clear',
  `WITH gone AS (
     DELETE FROM cut_dry_run WHERE id = (SELECT id FROM cut_dry_run WHERE for_date < $1::date ORDER BY for_date, id LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id, state, for_date, considered, permitted)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, from_state, to_state, detail)
   SELECT $2, $3, $4, 'cut-dry-run.cleared', 'CutDryRun', id, state, 'CLEARED',
          jsonb_build_object('forDate', for_date, 'considered', considered, 'permitted', permitted) FROM gone
   RETURNING subject_id AS id`,
);

/** Removes the oldest run for a day before `before`, with its lines; false when there is none. One run is one bounded transaction. */
export const clearOneDryRun = async (
  db: Reader,
  before: LocalDate,
  by: { readonly actor: Actor; readonly at: Date },
): Promise<boolean> => (await db.rows(CLEAR, [before, by.at, by.actor.kind, by.actor.id])).length > 0;

const COUNTS = statement(
  'dry-run-counts-by-check',
  `SELECT code, count(*)::int AS count, count(*) FILTER (WHERE cardinality(l.blocking) = 1)::int AS alone
   FROM cut_dry_run_line l, unnest(l.blocking) AS code WHERE l.run_id = $1 GROUP BY code`,
);

/** How many service points a check blocks, and how many of them nothing else does. */
export interface BlockingCount {
  readonly code: string;
  readonly count: number;
  readonly alone: number;
}

/** The blocking checks of a run, counted; a service point with two is counted at both. */
export const blockingCounts = (db: Reader, runId: string): Promise<BlockingCount[]> =>
  db.rows<BlockingCount>(COUNTS, [runId]);

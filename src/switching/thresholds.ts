import { statement, type Tx } from '../platform/database.js';
import {
  CUT_THRESHOLDS,
  THRESHOLD_KINDS,
  type CutCounts,
  type ThresholdKind,
  type Thresholds,
} from './threshold-policy.js';

const IN_FORCE = statement(
  'threshold-in-force',
  `SELECT DISTINCT ON (kind) kind, value FROM cut_threshold_change
   WHERE effective_from <= $1 AND withdrawn_at IS NULL ORDER BY kind, effective_from DESC, id DESC`,
);

/** The thresholds in force at an instant of product time: the latest change of each, or its default. */
export async function thresholdsAt(tx: Pick<Tx, 'rows'>, at: Date): Promise<Thresholds> {
  const changed = await tx.rows<{ kind: ThresholdKind; value: bigint }>(IN_FORCE, [at]);
  const values = new Map(changed.map(({ kind, value }) => [kind, value]));
  return Object.fromEntries(
    THRESHOLD_KINDS.map((kind) => [kind, values.get(kind) ?? CUT_THRESHOLDS[kind].value]),
  ) as Record<ThresholdKind, bigint>;
}

const GATE = statement('threshold-gate', `SELECT FROM cut_gate FOR UPDATE`);

/** Takes the gate through which cuts pass one by one; it is held until the transaction ends, so that a count stays true. */
export async function passCutGate(tx: Tx): Promise<void> {
  await tx.rows(GATE);
}

// A row of the future belongs to a clock that was set back; it counts as well.
const COUNTS = statement(
  'threshold-counts',
  `WITH sent AS (
     SELECT c.id, c.sent_at, c.service_point_id, c.requested_by, c.released_by, c.batch_id FROM switch_command c
     WHERE c.operation = 'CUT' AND c.sent_at > $1::timestamptz - interval '24 hours'),
   -- A person answers for what they asked for, for what they approved of a batch, and for what they let out of quarantine.
   acts AS (
     SELECT s.id, s.requested_by AS person FROM sent s WHERE s.batch_id IS NULL
     UNION ALL
     SELECT s.id, a.approved_by FROM sent s JOIN cut_approval a ON a.batch_id = s.batch_id
     UNION ALL
     SELECT s.id, s.released_by FROM sent s WHERE s.released_by IS NOT NULL)
   SELECT (SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM acts WHERE person = ANY($3::text[]) GROUP BY person) p)::int AS "operatorLastDay",
          (SELECT count(*) FROM sent WHERE sent_at > $1::timestamptz - interval '1 minute')::int AS "systemLastMinute",
          (SELECT count(*) FROM sent WHERE sent_at > $1::timestamptz - interval '1 hour')::int AS "systemLastHour",
          (SELECT count(*) FROM sent)::int AS "systemLastDay",
          (SELECT count(*) FROM sent s JOIN service_point p ON p.id = s.service_point_id
           WHERE p.district_id = d.district_id AND s.sent_at > $1::timestamptz - interval '1 hour')::int AS "districtLastHour",
          (SELECT count(*) FROM service_point p WHERE p.district_id = d.district_id)::int AS "districtPoints",
          (SELECT count(*) FROM meter_installation WHERE removed_at IS NULL)::int AS "installedMeters"
   FROM (SELECT district_id FROM service_point WHERE id = $2) d`,
);

/** What has been cut in the windows that end at `at`, as far as it concerns this service point and these persons. */
export async function cutCounts(
  tx: Pick<Tx, 'rows'>,
  about: { readonly at: Date; readonly servicePointId: string; readonly persons: readonly string[] },
): Promise<CutCounts> {
  return (await tx.rows<CutCounts>(COUNTS, [about.at, about.servicePointId, about.persons]))[0]!;
}

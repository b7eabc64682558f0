import type { PaymentMode } from '../accounts/account.js';
import type { CustomerClass } from '../accounts/customer.js';
import { firstProofOfPower } from '../dunning/restore-facts.js';
import type { RestorePromise } from '../dunning/restore-verdict-policy.js';
import { statement, type Reader } from '../platform/database.js';
import { DEBT_REASONS } from '../switching/interruption.js';

/** Instants [from, to) and districts of a report; `districtIds` null: the whole company. */
export interface ReportScope {
  readonly from: Date;
  readonly to: Date;
  readonly districtIds: readonly string[] | null;
}

/** How long something took, product time in seconds; null where nothing was measured. */
export interface LatencyFigures {
  readonly count: number;
  readonly medianSeconds: number | null;
  readonly p95Seconds: number | null;
  readonly maxSeconds: number | null;
}

/** Cut and restore beside each other (停复电时长对照): what customers complain about is the difference. */
export interface SwitchLatencies {
  /** From the request of a cut for debt to the proof that power is off, of cuts proven in the period. */
  readonly cuts: LatencyFigures;
  /** From the posting of a payment to the proof that all its power is back, of payments posted in the period. */
  readonly restores: LatencyFigures;
  /** Payments posted in the period that ordered a restore; those still dark and those whose power was no longer due included. */
  readonly restoresOwed: number;
  /** Of these: back before the end of the day of posting. */
  readonly sameDay: number;
  /** Of these: back within the minutes of the customer's policy. */
  readonly withinSla: number;
}

/** The promise to one kind of customers. */
export interface PromiseRow extends RestorePromise {
  readonly customerClass: CustomerClass;
  readonly paymentMode: PaymentMode;
}

const DEBT = DEBT_REASONS.map((reason) => `'${reason}'`).join(', ');
const figures = (seconds: string): string => `count(${seconds})::integer AS count,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY ${seconds}) AS "medianSeconds",
  percentile_cont(0.95) WITHIN GROUP (ORDER BY ${seconds}) AS "p95Seconds", max(${seconds})::float8 AS "maxSeconds"`;
const IN_DISTRICTS = `($3::uuid[] IS NULL OR sp.district_id = ANY($3::uuid[]))`;

const CUTS = statement(
  'report-cut-latencies',
  `SELECT ${figures('t.seconds')} FROM (
     SELECT extract(epoch FROM c.ended_at - c.requested_at)::float8 AS seconds FROM switch_command c JOIN service_point sp ON sp.id = c.service_point_id
     WHERE c.operation = 'CUT' AND c.state = 'VERIFIED' AND c.reason IN (${DEBT}) AND c.ended_at >= $1 AND c.ended_at < $2 AND ${IN_DISTRICTS}) t`,
);

// One payment may bring back several places: it is done when the last is lit. The same rule as restore-verdict-policy.ts; a test compares.
const RESTORES = statement(
  'report-restore-latencies',
  `WITH promise AS (
     SELECT * FROM jsonb_to_recordset($4::jsonb) AS q ("customerClass" text, "paymentMode" text, "timeZone" text, "slaMinutes" integer)),
   release AS (
     SELECT p.posted_at, q."timeZone" AS zone, q."slaMinutes" AS sla,
            CASE WHEN bool_and(x.proven_at IS NOT NULL) THEN max(x.proven_at) END AS proven_at
     FROM payment p JOIN account a ON a.id = p.account_id JOIN customer k ON k.id = a.customer_id
     JOIN promise q ON q."customerClass" = k.customer_class AND q."paymentMode" = a.payment_mode
     JOIN switch_command c ON c.payment_id = p.id AND c.operation = 'RESTORE' JOIN service_point sp ON sp.id = c.service_point_id
     CROSS JOIN LATERAL (SELECT ${firstProofOfPower('c.service_point_id', 'c.requested_at')} AS proven_at) x
     WHERE p.posted_at >= $1 AND p.posted_at < $2 AND ${IN_DISTRICTS}
     GROUP BY p.id, p.posted_at, q."timeZone", q."slaMinutes"),
   timed AS (SELECT *, extract(epoch FROM proven_at - posted_at)::float8 AS seconds FROM release)
   SELECT ${figures('t.seconds')}, count(*)::integer AS "restoresOwed",
          count(*) FILTER (WHERE proven_at < ((posted_at AT TIME ZONE zone)::date + 1)::timestamp AT TIME ZONE zone)::integer AS "sameDay",
          count(*) FILTER (WHERE proven_at <= posted_at + make_interval(mins => sla))::integer AS "withinSla"
   FROM timed t`,
);

/** Latencies of cuts and restores in a period, side by side, in two statements. */
export async function switchLatencies(
  reader: Reader,
  scope: ReportScope,
  promises: readonly PromiseRow[],
): Promise<SwitchLatencies> {
  const bounds = [scope.from, scope.to, scope.districtIds];
  const [[cuts], [row]] = await Promise.all([
    reader.rows<LatencyFigures>(CUTS, bounds),
    reader.rows<LatencyFigures & Omit<SwitchLatencies, 'cuts' | 'restores'>>(RESTORES, [
      ...bounds,
      JSON.stringify(promises),
    ]),
  ]);
  const { restoresOwed, sameDay, withinSla, ...restores } = row!;
  return { cuts: cuts!, restores, restoresOwed, sameDay, withinSla };
}

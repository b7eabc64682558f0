import { statement, type Reader } from '../platform/database.js';
import type { LocalDate } from '../platform/local-date.js';
import { DEBT_REASONS } from '../switching/interruption.js';
import type { DayFacts } from './dry-run-comparison-policy.js';

/** The day of a run: from its first instant to the first of the next. */
export interface RunDay {
  readonly runId: string;
  readonly forDate: LocalDate;
  readonly startedAt: Date;
  readonly from: Date;
  readonly until: Date;
}

const DEBT = DEBT_REASONS.map((reason) => `'${reason}'`).join(', ');

/** What came in on the account of line l between the run and the end of the day. */
const PAYMENTS = `SELECT p.amount_minor FROM payment p WHERE p.account_id = l.account_id AND p.state = 'POSTED' AND p.posted_at >= $5 AND p.posted_at < $3`;

/**
 * What the comparison rests on, one row for each line of run $1, and for each cut for debt of its scope that was sent on the day without a
 * line. $2 first instant of the day, $3 first instant of the next, $4 the day, $5 the run's beginning. Paid means that nothing of what was
 * overdue is left: what came in may be less than the line says, since the late fee of the days not waited for is not charged.
 */
const FACTS = `
  SELECT l.service_point_id, l.account_id, l.permitted,
    (SELECT c.state FROM switch_command c WHERE c.service_point_id = l.service_point_id AND c.operation = 'CUT' AND c.reason IN (${DEBT})
       AND c.sent_at >= $2 AND c.sent_at < $3 ORDER BY c.id DESC LIMIT 1) AS sent_state,
    CASE WHEN NOT EXISTS (${PAYMENTS}) THEN false
         WHEN l.reason = 'PREPAID_EXHAUSTED' THEN (SELECT sum(q.amount_minor) FROM (${PAYMENTS}) q) >= l.debt_minor
         ELSE NOT EXISTS (SELECT FROM bill b WHERE b.account_id = l.account_id AND b.due_date < $4::date AND b.total_minor > b.paid_minor -
           coalesce((SELECT sum(x.principal_minor) FROM payment_allocation x WHERE x.bill_id = b.id AND x.at >= $3), 0)) END AS paid,
    EXISTS (SELECT FROM hold h WHERE h.account_id = l.account_id AND h.from_date <= $4::date AND h.opened_at < $3
       AND (h.closed_at IS NULL OR h.closed_at >= $2)) AS held,
    (SELECT coalesce(c.failure_code, c.state) FROM switch_command c LEFT JOIN cut_batch b ON b.id = c.batch_id
     WHERE c.service_point_id = l.service_point_id AND c.operation = 'CUT' AND c.reason IN (${DEBT}) AND c.sent_at IS NULL
       AND c.requested_at < $3 AND (c.ended_at IS NULL OR c.ended_at >= $5) AND (b.id IS NULL OR b.planned_for = $4::date)
     ORDER BY c.id DESC LIMIT 1) AS ending
  FROM cut_dry_run_line l WHERE l.run_id = $1
  UNION ALL
  SELECT c.service_point_id, c.account_id, NULL, c.state, false, false, NULL
  FROM switch_command c JOIN service_point sp ON sp.id = c.service_point_id JOIN cut_dry_run r ON r.id = $1
  WHERE c.operation = 'CUT' AND c.reason IN (${DEBT}) AND c.sent_at >= $2 AND c.sent_at < $3
    AND (r.district_id IS NULL OR sp.district_id = r.district_id)
    AND NOT EXISTS (SELECT FROM cut_dry_run_line l WHERE l.run_id = $1 AND l.service_point_id = c.service_point_id)`;

const FACT_COLUMNS = `f.permitted, f.sent_state AS "sentState", f.paid, f.held, f.ending`;

const GROUPS = statement(
  'dry-run-day-groups',
  `SELECT ${FACT_COLUMNS}, count(*)::int AS count FROM (${FACTS}) f GROUP BY 1, 2, 3, 4, 5`,
);

/** How many service points share the same facts. */
export interface DayGroup extends DayFacts {
  readonly count: number;
}

const values = ({ runId, from, until, forDate, startedAt }: RunDay): unknown[] => [
  runId,
  from,
  until,
  forDate,
  startedAt,
];

/** The day's facts counted: a handful of rows however many lines the run has. */
export const dayGroups = (db: Reader, day: RunDay): Promise<DayGroup[]> => db.rows<DayGroup>(GROUPS, values(day));

const LINES = statement(
  'dry-run-day-lines',
  `SELECT ${FACT_COLUMNS}, f.service_point_id AS "servicePointId", f.account_id AS "accountId", k.rank::int AS rank
   FROM (${FACTS}) f JOIN unnest($6::boolean[], $7::text[], $8::boolean[], $9::boolean[], $10::text[], $11::int[]) AS k (permitted, sent_state, paid, held, ending, rank)
     ON f.permitted IS NOT DISTINCT FROM k.permitted AND f.sent_state IS NOT DISTINCT FROM k.sent_state AND f.paid = k.paid AND f.held = k.held
        AND f.ending IS NOT DISTINCT FROM k.ending
   WHERE (k.rank, f.service_point_id) > ($12::int, $13::uuid)
   ORDER BY k.rank, f.service_point_id LIMIT $14`,
);

/** The facts of one service point, with the place its group was given. */
export interface DayLine extends DayFacts {
  readonly servicePointId: string;
  readonly accountId: string;
  readonly rank: number;
}

/** A page of service points whose facts are those of one of `groups`, in the order of the groups' ranks, then by service point. */
export const dayLines = (
  db: Reader,
  day: RunDay,
  groups: readonly (DayFacts & { readonly rank: number })[],
  page: { readonly afterRank: number; readonly afterId: string; readonly limit: number },
): Promise<DayLine[]> =>
  db.rows<DayLine>(LINES, [
    ...values(day),
    groups.map(({ permitted }) => permitted),
    groups.map(({ sentState }) => sentState),
    groups.map(({ paid }) => paid),
    groups.map(({ held }) => held),
    groups.map(({ ending }) => ending),
    groups.map(({ rank }) => rank),
    page.afterRank,
    page.afterId,
    page.limit,
  ]);

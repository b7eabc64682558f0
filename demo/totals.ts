import type { FlowContext } from '../src/flows/context.js';
import { statement } from '../src/platform/database.js';

/** One figure: what was counted, and how often. */
export interface Count {
  readonly what: string;
  readonly count: number;
}

const MONEY = statement(
  'demo-totals-money',
  `SELECT (SELECT coalesce(sum(total_minor), 0) FROM bill WHERE issued_at >= $1 AND corrects_bill_id IS NULL)::text AS "billedMinor",
          (SELECT count(*) FROM bill WHERE issued_at >= $1 AND corrects_bill_id IS NULL)::int AS bills,
          (SELECT coalesce(sum(amount_minor), 0) FROM payment WHERE posted_at >= $1 AND state = 'POSTED' AND channel <> 'CORRECTION')::text AS "paidMinor",
          (SELECT count(*) FROM payment WHERE posted_at >= $1 AND state = 'POSTED' AND channel <> 'CORRECTION')::int AS payments,
          (SELECT coalesce(sum(amount_minor), 0) FROM ledger_entry WHERE at >= $1 AND kind = 'LATE_FEE')::text AS "lateFeesMinor",
          (SELECT coalesce(sum(amount_minor), 0) FROM ledger_entry WHERE at >= $1 AND kind = 'LATE_FEE_REVERSED')::text AS "lateFeesWaivedMinor",
          (SELECT coalesce(sum(due_minor), 0) FROM account)::text AS "stillOwedMinor",
          (SELECT count(*) FROM reading_fault WHERE recorded_at >= $1 AND kind = 'CORRECTED')::int AS "readingsCorrected",
          (SELECT count(*) FROM reading WHERE read_at >= $1)::int AS readings,
          (SELECT count(*) FROM uplink_quarantine)::int AS "messagesQuarantined"`,
);

/** Money in minor units, as text: sums of a company do not fit a JSON number for ever. */
export interface Money {
  readonly billedMinor: string;
  readonly bills: number;
  readonly paidMinor: string;
  readonly payments: number;
  readonly lateFeesMinor: string;
  readonly lateFeesWaivedMinor: string;
  readonly stillOwedMinor: string;
  readonly readingsCorrected: number;
  readonly readings: number;
  readonly messagesQuarantined: number;
}

/** Counted by what stands in each row; `$1`: since when. */
const COUNTS = {
  notices: statement(
    'demo-totals-notices',
    `SELECT concat_ws(' ', coalesce(step_code, purpose), state, CASE WHEN state <> 'SERVED' THEN failure_code END) AS what, count(*)::int AS count
     FROM notice WHERE created_at >= $1 GROUP BY 1`,
  ),
  stepsNotTaken: statement(
    'demo-totals-steps',
    `SELECT state || ' ' || reason_code AS what, count(*)::int AS count FROM ladder_step_outcome WHERE at >= $1 GROUP BY 1`,
  ),
  cuts: statement(
    'demo-totals-cuts',
    `SELECT concat_ws(' ', state, CASE WHEN state <> 'VERIFIED' THEN failure_code END) AS what, count(*)::int AS count
     FROM switch_command WHERE operation = 'CUT' AND requested_at >= $1 GROUP BY 1`,
  ),
  restores: statement(
    'demo-totals-restores',
    `SELECT concat_ws(' ', state, CASE WHEN state <> 'VERIFIED' THEN failure_code END) AS what, count(*)::int AS count
     FROM switch_command WHERE operation = 'RESTORE' AND requested_at >= $1 GROUP BY 1`,
  ),
  batches: statement(
    'demo-totals-batches',
    `SELECT concat_ws(' ', state, ending_code) AS what, count(*)::int AS count FROM cut_batch WHERE proposed_at >= $1 GROUP BY 1`,
  ),
  holds: statement(
    'demo-totals-holds',
    `SELECT concat_ws(' ', kind, coalesce(outcome, 'open')) AS what, count(*)::int AS count FROM hold WHERE opened_at >= $1 GROUP BY 1`,
  ),
  workOrders: statement(
    'demo-totals-work',
    `SELECT kind || ' ' || state AS what, count(*)::int AS count FROM work_order WHERE opened_at >= $1 GROUP BY 1`,
  ),
} as const;

export type Counted = { readonly [Name in keyof typeof COUNTS]: readonly Count[] };

/** What the month came to since its first instant. */
export async function totalsSince(
  ctx: Pick<FlowContext, 'db'>,
  from: Date,
): Promise<{ readonly money: Money; readonly counted: Counted }> {
  const [money] = await ctx.db.rows<Money>(MONEY, [from]);
  const counted: Partial<Record<keyof Counted, readonly Count[]>> = {};
  for (const name of Object.keys(COUNTS) as (keyof Counted)[])
    counted[name] = (await ctx.db.rows<Count>(COUNTS[name], [from])).sort((a, b) => (a.what < b.what ? -1 : 1));
  return { money: money!, counted: counted as Counted };
}

const DAY = statement(
  'demo-totals-day',
  `SELECT (SELECT count(*) FROM bill WHERE issued_at >= $1 AND issued_at < $2 AND corrects_bill_id IS NULL)::int AS bills,
          (SELECT count(*) FROM notice WHERE served_at >= $1 AND served_at < $2)::int AS served,
          (SELECT count(*) FROM payment WHERE posted_at >= $1 AND posted_at < $2 AND channel <> 'CORRECTION')::int AS payments,
          (SELECT coalesce(sum(amount_minor), 0) FROM payment WHERE posted_at >= $1 AND posted_at < $2 AND channel <> 'CORRECTION')::bigint AS "paidMinor",
          (SELECT count(*) FROM switch_command WHERE operation = 'CUT' AND requested_at >= $1 AND requested_at < $2)::int AS proposed,
          (SELECT count(*) FROM switch_command WHERE operation = 'CUT' AND state = 'VERIFIED' AND ended_at >= $1 AND ended_at < $2)::int AS cut,
          (SELECT count(*) FROM switch_command WHERE operation = 'RESTORE' AND state = 'VERIFIED' AND ended_at >= $1 AND ended_at < $2)::int AS restored,
          (SELECT count(*) FROM interruption WHERE opened_at < $2 AND (closed_at IS NULL OR closed_at >= $2))::int AS dark,
          (SELECT count(*) FROM hold WHERE opened_at >= $1 AND opened_at < $2)::int AS holds,
          (SELECT ending_code FROM cut_batch WHERE state = 'ABORTED' AND ended_at >= $1 AND ended_at < $2 LIMIT 1) AS aborted`,
);

/** One day in figures. `dark`: places without power for a reason at its end. */
export interface DayFigures {
  readonly bills: number;
  readonly served: number;
  readonly payments: number;
  readonly paidMinor: bigint;
  readonly proposed: number;
  readonly cut: number;
  readonly restored: number;
  readonly dark: number;
  readonly holds: number;
  readonly aborted: string | null;
}

export const dayFigures = async (ctx: Pick<FlowContext, 'db'>, from: Date, to: Date): Promise<DayFigures> =>
  (await ctx.db.rows<DayFigures>(DAY, [from, to]))[0]!;

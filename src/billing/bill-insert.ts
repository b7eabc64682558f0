import type { TouPeriod } from '../metering/reading.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import type { LineKind } from './pricing-policy.js';

/** A line of a bill to be issued. Amounts minor units, energy Wh, prices millionths of a unit per kWh. */
export interface BillLineToIssue {
  readonly kind: LineKind;
  readonly tariffCode: string;
  readonly tier: number;
  readonly touPeriod?: TouPeriod | null;
  readonly splitEstimated?: boolean;
  readonly energyWh: bigint;
  readonly unitPriceMicro: bigint;
  readonly amountMinor: bigint;
}

/** A bill to be issued, lines included. */
export interface BillToIssue {
  readonly id: string;
  readonly accountId: string;
  readonly servicePointId: string;
  readonly periodFrom: string;
  readonly periodTo: string;
  readonly energyWh: bigint;
  readonly estimated: boolean;
  readonly dueDate: string;
  readonly currency: string;
  readonly totalMinor: bigint;
  readonly lines: readonly BillLineToIssue[];
}

// A period that is billed already is left as it is, with everything that hangs on it: a run may be repeated.
const INSERT_BILLS = statement(
  'bill-insert',
  `WITH wanted AS (
     SELECT * FROM unnest($5::uuid[], $6::uuid[], $7::uuid[], $8::date[], $9::date[], $10::bigint[], $11::boolean[], $12::date[], $13::text[], $14::bigint[])
       AS b (id, account_id, service_point_id, period_from, period_to, energy_wh, estimated, due_date, currency, total_minor)),
   issued AS (
     -- Credit (预收) pays new bills at once. One bill per account and call is covered; the caller sees to that.
     INSERT INTO bill (id, account_id, service_point_id, period_from, period_to, energy_wh, estimated, issued_at, due_date, currency, total_minor, paid_minor)
     SELECT w.id, w.account_id, service_point_id, period_from, period_to, energy_wh, estimated, $1, due_date, w.currency, total_minor, least(a.credit_minor, total_minor)
     FROM wanted w JOIN account a ON a.id = w.account_id ORDER BY w.id
     ON CONFLICT (service_point_id, period_from, correction_number) DO NOTHING
     RETURNING id, account_id, service_point_id, period_from, period_to, estimated, currency, total_minor, paid_minor),
   lines AS (
     INSERT INTO bill_line (bill_id, line_number, kind, tariff_code, tier, tou_period, split_estimated, energy_wh, unit_price_micro, amount_minor)
     SELECT l.* FROM unnest($15::uuid[], $16::smallint[], $17::text[], $18::text[], $19::smallint[], $20::text[], $21::boolean[], $22::bigint[], $23::bigint[], $24::bigint[])
       AS l (bill_id, line_number, kind, tariff_code, tier, tou_period, split_estimated, energy_wh, unit_price_micro, amount_minor)
     JOIN issued i ON i.id = l.bill_id),
   balances AS (
     UPDATE account a SET due_minor = a.due_minor + i.total_minor - i.paid_minor, credit_minor = a.credit_minor - i.paid_minor
     FROM issued i WHERE a.id = i.account_id AND i.total_minor > 0),
   allocated AS (
     INSERT INTO payment_allocation (payment_id, bill_id, principal_minor, late_fee_minor, at)
     SELECT NULL, id, paid_minor, 0, $1 FROM issued WHERE paid_minor > 0),
   entries AS (
     INSERT INTO ledger_entry (at, kind, debit_code, debit_account_id, credit_code, credit_account_id, amount_minor, currency, bill_id)
     SELECT $1, 'BILL', 'RECEIVABLE', account_id, 'REVENUE', NULL::uuid, total_minor, currency, id FROM issued WHERE total_minor > 0
     UNION ALL
     SELECT $1, 'CREDIT_APPLIED', 'CUSTOMER_CREDIT', account_id, 'RECEIVABLE', account_id, paid_minor, currency, id FROM issued WHERE paid_minor > 0),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, detail)
     SELECT $1, $2, $3, 'bill.issued', 'Bill', id, account_id, service_point_id, 'ISSUED',
            jsonb_build_object('totalMinor', total_minor::text, 'periodFrom', period_from, 'periodTo', period_to, 'estimated', estimated, 'runId', $4::uuid) FROM issued),
   resolved AS (
     UPDATE billing_skip s SET resolved_at = $1 FROM issued i WHERE s.service_point_id = i.service_point_id AND s.resolved_at IS NULL)
   SELECT id FROM issued`,
);

/**
 * Issues bills with lines, ledger entries, balances and audit in one statement; the accounts must be locked, with at most one bill per
 * account in a call. A period already billed is passed over. Returns the ids issued.
 */
export async function insertBills(
  tx: Tx,
  bills: readonly BillToIssue[],
  at: Date,
  actor: Actor,
  runId: string | null = null,
): Promise<string[]> {
  if (bills.length === 0) return [];
  const rows = await tx.rows<{ id: string }>(INSERT_BILLS, [
    at,
    actor.kind,
    actor.id,
    runId,
    ...billColumns(bills),
    ...lineColumns(bills),
  ]);
  return rows.map(({ id }) => id);
}

const billColumns = (bills: readonly BillToIssue[]): unknown[] => [
  bills.map(({ id }) => id),
  bills.map(({ accountId }) => accountId),
  bills.map(({ servicePointId }) => servicePointId),
  bills.map(({ periodFrom }) => periodFrom),
  bills.map(({ periodTo }) => periodTo),
  bills.map(({ energyWh }) => energyWh),
  bills.map(({ estimated }) => estimated),
  bills.map(({ dueDate }) => dueDate),
  bills.map(({ currency }) => currency),
  bills.map(({ totalMinor }) => totalMinor),
];

/** Lines of bills as columns: bill id, number of the line, and the rest in the order of the table. */
export function lineColumns(
  bills: readonly { readonly id: string; readonly lines: readonly BillLineToIssue[] }[],
): unknown[] {
  const lines = bills.flatMap(({ id, lines: own }) => own.map((line, index) => ({ ...line, id, number: index + 1 })));
  return [
    lines.map(({ id }) => id),
    lines.map(({ number }) => number),
    lines.map(({ kind }) => kind),
    lines.map(({ tariffCode }) => tariffCode),
    lines.map(({ tier }) => tier),
    lines.map(({ touPeriod }) => touPeriod ?? null),
    lines.map(({ splitEstimated }) => splitEstimated ?? false),
    lines.map(({ energyWh }) => energyWh),
    lines.map(({ unitPriceMicro }) => unitPriceMicro),
    lines.map(({ amountMinor }) => amountMinor),
  ];
}

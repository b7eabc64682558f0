import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';

/** A bill to be issued, lines included. Amounts minor units, energy Wh, prices millionths of a unit per kWh. */
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
  readonly lines: readonly {
    readonly kind: 'ENERGY';
    readonly tariffCode: string;
    readonly tier: number;
    readonly energyWh: bigint;
    readonly unitPriceMicro: bigint;
    readonly amountMinor: bigint;
  }[];
}

// A period that is billed already is left as it is, with everything that hangs on it: a run may be repeated.
const INSERT_BILLS = statement(
  'bill-insert',
  `WITH wanted AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS b (id uuid, "accountId" uuid, "servicePointId" uuid, "periodFrom" date, "periodTo" date,
       "energyWh" bigint, estimated boolean, "dueDate" date, currency text, "totalMinor" bigint, lines jsonb)),
   credit AS (
     -- Credit (预收) pays new bills at once. One bill per account and call is covered; the caller sees to that.
     SELECT w.id, least(a.credit_minor, w."totalMinor") AS minor FROM wanted w JOIN account a ON a.id = w."accountId"),
   issued AS (
     INSERT INTO bill (id, account_id, service_point_id, period_from, period_to, energy_wh, estimated, issued_at, due_date, currency, total_minor, paid_minor)
     SELECT w.id, "accountId", "servicePointId", "periodFrom", "periodTo", "energyWh", estimated, $2, "dueDate", currency, "totalMinor", c.minor
     FROM wanted w JOIN credit c ON c.id = w.id ORDER BY w.id
     ON CONFLICT (service_point_id, period_from) DO NOTHING RETURNING *),
   lines AS (
     INSERT INTO bill_line (bill_id, line_number, kind, tariff_code, tier, energy_wh, unit_price_micro, amount_minor)
     SELECT i.id, l.n, l.v->>'kind', l.v->>'tariffCode', (l.v->>'tier')::smallint, (l.v->>'energyWh')::bigint, (l.v->>'unitPriceMicro')::bigint, (l.v->>'amountMinor')::bigint
     FROM issued i JOIN wanted w ON w.id = i.id, jsonb_array_elements(w.lines) WITH ORDINALITY AS l (v, n)),
   balances AS (
     UPDATE account a SET due_minor = a.due_minor + s.due, credit_minor = a.credit_minor - s.paid
     FROM (SELECT account_id, sum(total_minor - paid_minor) AS due, sum(paid_minor) AS paid FROM issued GROUP BY account_id) s WHERE a.id = s.account_id),
   allocated AS (
     INSERT INTO payment_allocation (payment_id, bill_id, principal_minor, late_fee_minor, at)
     SELECT NULL, id, paid_minor, 0, $2 FROM issued WHERE paid_minor > 0),
   entries AS (
     INSERT INTO ledger_entry (at, kind, debit_code, debit_account_id, credit_code, credit_account_id, amount_minor, currency, bill_id)
     SELECT $2, 'BILL', 'RECEIVABLE', account_id, 'REVENUE', NULL::uuid, total_minor, currency, id FROM issued WHERE total_minor > 0
     UNION ALL
     SELECT $2, 'CREDIT_APPLIED', 'CUSTOMER_CREDIT', account_id, 'RECEIVABLE', account_id, paid_minor, currency, id FROM issued WHERE paid_minor > 0),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, detail)
     SELECT $2, $3, $4, 'bill.issued', 'Bill', id, account_id, service_point_id, 'ISSUED',
            jsonb_build_object('totalMinor', total_minor::text, 'periodFrom', period_from, 'periodTo', period_to, 'estimated', estimated) FROM issued)
   SELECT id FROM issued`,
);

/**
 * Issues bills with lines, ledger entries, balances and audit in one statement; the accounts must be locked, with at most one bill per
 * account in a call. A period already billed is passed over. Returns the ids issued.
 */
export async function insertBills(tx: Tx, bills: readonly BillToIssue[], at: Date, actor: Actor): Promise<string[]> {
  if (bills.length === 0) return [];
  const json = JSON.stringify(bills, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return (await tx.rows<{ id: string }>(INSERT_BILLS, [json, at, actor.kind, actor.id])).map(({ id }) => id);
}

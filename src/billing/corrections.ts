import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import type { Allocation } from './allocation-policy.js';
import { lineColumns, type BillLineToIssue } from './bill-insert.js';
import type { InstallationToBill } from './bill-policy.js';

/** A regular bill with what it and its corrections charge by now. */
export interface StandingBill {
  readonly id: string;
  readonly accountId: string;
  readonly servicePointId: string;
  readonly currency: string;
  readonly tariffCode: string;
  readonly periodFrom: string;
  readonly periodTo: string;
  readonly corrections: number;
  readonly energyWh: bigint;
  readonly totalMinor: bigint;
  /** Lines of the bill and its corrections, added up; those that cancel out are gone. */
  readonly lines: readonly BillLineToIssue[];
}

const STANDING = statement(
  'correction-standing-bills',
  `SELECT b.id, b.account_id AS "accountId", b.service_point_id AS "servicePointId", b.currency, a.tariff_code AS "accountTariff",
          b.period_from AS "periodFrom", b.period_to AS "periodTo", c.corrections, c.energy_wh AS "energyWh", c.total_minor AS "totalMinor",
          coalesce((SELECT jsonb_agg(l) FROM (
             SELECT l.kind, l.tariff_code AS "tariffCode", l.tier, l.tou_period AS "touPeriod", l.split_estimated AS "splitEstimated",
                    sum(l.energy_wh)::text AS "energyWh", l.unit_price_micro::text AS "unitPriceMicro", sum(l.amount_minor)::text AS "amountMinor"
             FROM bill_line l JOIN bill x ON x.id = l.bill_id WHERE x.id = b.id OR x.corrects_bill_id = b.id
             GROUP BY l.kind, l.tariff_code, l.tier, l.tou_period, l.split_estimated, l.unit_price_micro
             HAVING sum(l.energy_wh) <> 0 OR sum(l.amount_minor) <> 0
             ORDER BY min(l.line_number)) l), '[]') AS lines
   FROM bill b JOIN account a ON a.id = b.account_id
   CROSS JOIN LATERAL (SELECT max(x.correction_number)::int AS corrections, sum(x.energy_wh)::bigint AS energy_wh, sum(x.total_minor)::bigint AS total_minor
     FROM bill x WHERE x.id = b.id OR x.corrects_bill_id = b.id) c
   WHERE b.service_point_id = $1 AND b.corrects_bill_id IS NULL ORDER BY b.period_from`,
);

/** The bills of a service point with what they charge by now, oldest first; the account must be locked. */
export async function standingBills(tx: Tx, servicePointId: string): Promise<StandingBill[]> {
  const rows = await tx.rows<
    Omit<StandingBill, 'lines' | 'tariffCode'> & { accountTariff: string; lines: Record<string, string>[] }
  >(STANDING, [servicePointId]);
  return rows.map(({ lines, accountTariff, ...bill }) => ({
    ...bill,
    tariffCode: lines[0]?.['tariffCode'] ?? accountTariff,
    lines: lines.map((line) => ({
      ...(line as unknown as BillLineToIssue),
      energyWh: BigInt(line['energyWh']!),
      unitPriceMicro: BigInt(line['unitPriceMicro']!),
      amountMinor: BigInt(line['amountMinor']!),
    })),
  }));
}

const INSTALLATIONS = statement(
  'correction-installations',
  `SELECT id AS "installationId", installed_at AS "installedAt", installed_wh AS "installedWh", removed_at AS "removedAt", removed_wh AS "removedWh"
   FROM meter_installation WHERE service_point_id = $1 ORDER BY installed_at`,
);

/** All installations of a service point, in order of time. */
export const installationsAt = (tx: Tx, servicePointId: string): Promise<InstallationToBill[]> =>
  tx.rows<InstallationToBill>(INSTALLATIONS, [servicePointId]);

/** A correction bill: what a bill should have charged, and the difference to what it charges by now. */
export interface CorrectionToIssue {
  readonly id: string;
  readonly corrects: StandingBill;
  /** Differences: what is charged on top, or negative, taken off. */
  readonly energyWh: bigint;
  readonly totalMinor: bigint;
  readonly lines: readonly BillLineToIssue[];
  /** The whole of what the bill should have charged. */
  readonly newTotalMinor: bigint;
  readonly estimated: boolean;
  readonly dueDate: string;
  readonly reason: string;
}

// The entries that charge by now are reversed by entries that name them, and the whole is charged anew, all under the correction bill.
// What is left in the customer's favour moves from the receivable to the credit, so that the bill itself is settled.
const INSERT = statement(
  'correction-insert',
  `WITH old AS (SELECT * FROM bill WHERE id = $2),
   issued AS (
     INSERT INTO bill (id, account_id, service_point_id, period_from, period_to, energy_wh, estimated, issued_at, due_date, currency, total_minor, paid_minor,
                       corrects_bill_id, correction_number, correction_reason)
     SELECT $1, account_id, service_point_id, period_from, period_to, $3::bigint, $4::boolean, $5, $6, currency, $7::bigint, least($7::bigint, 0), id, $8::smallint, $9 FROM old
     RETURNING *),
   lines AS (
     INSERT INTO bill_line (bill_id, line_number, kind, tariff_code, tier, tou_period, split_estimated, energy_wh, unit_price_micro, amount_minor)
     SELECT l.* FROM unnest($13::uuid[], $14::smallint[], $15::text[], $16::text[], $17::smallint[], $18::text[], $19::boolean[], $20::bigint[], $21::bigint[], $22::bigint[])
       AS l (bill_id, line_number, kind, tariff_code, tier, tou_period, split_estimated, energy_wh, unit_price_micro, amount_minor)
     JOIN issued i ON i.id = l.bill_id),
   balances AS (
     UPDATE account a SET due_minor = a.due_minor + greatest(i.total_minor, 0), credit_minor = a.credit_minor - least(i.total_minor, 0) FROM issued i WHERE a.id = i.account_id),
   allocated AS (
     INSERT INTO payment_allocation (payment_id, bill_id, principal_minor, late_fee_minor, at) SELECT NULL, id, total_minor, 0, $5 FROM issued WHERE total_minor < 0),
   entries AS (
     INSERT INTO ledger_entry (at, kind, debit_code, debit_account_id, credit_code, credit_account_id, amount_minor, currency, bill_id, reverses_entry_id)
     SELECT $5, 'CORRECTION', e.credit_code, e.credit_account_id, e.debit_code, e.debit_account_id, e.amount_minor, e.currency, i.id, e.id
     FROM issued i JOIN ledger_entry e ON e.kind IN ('BILL', 'CORRECTION') AND e.debit_code = 'RECEIVABLE' AND e.credit_code = 'REVENUE'
       AND e.bill_id IN (SELECT id FROM bill WHERE id = $2 OR corrects_bill_id = $2)
       AND NOT EXISTS (SELECT FROM ledger_entry r WHERE r.reverses_entry_id = e.id)
     UNION ALL
     SELECT $5, 'CORRECTION', 'RECEIVABLE', account_id, 'REVENUE', NULL, $10::bigint, currency, id, NULL FROM issued WHERE $10::bigint > 0
     UNION ALL
     SELECT $5, 'CORRECTION', 'RECEIVABLE', account_id, 'CUSTOMER_CREDIT', account_id, -total_minor, currency, id, NULL FROM issued WHERE total_minor < 0)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, reason, detail)
   SELECT $5, $11, $12, 'bill.corrected', 'Bill', id, account_id, service_point_id, 'ISSUED', $9,
          jsonb_build_object('correctsBillId', corrects_bill_id, 'differenceMinor', total_minor::text, 'energyWh', energy_wh::text) FROM issued`,
);

/** Issues one correction bill; the account must be locked. What is in the customer's favour is credit from here on. */
export async function insertCorrection(tx: Tx, correction: CorrectionToIssue, at: Date, actor: Actor): Promise<void> {
  const { id, corrects, energyWh, estimated, dueDate, totalMinor, reason, newTotalMinor } = correction;
  await tx.rows(INSERT, [
    id,
    corrects.id,
    energyWh,
    estimated,
    at,
    dueDate,
    totalMinor,
    corrects.corrections + 1,
    reason,
    newTotalMinor,
    actor.kind,
    actor.id,
    ...lineColumns([correction]),
  ]);
}

const CREDIT = statement('correction-credit', `SELECT credit_minor AS "creditMinor" FROM account WHERE id = $1`);

/** What is held for the customer of a locked account, as it stands in this transaction. */
export const creditOf = async (tx: Tx, accountId: string): Promise<bigint> =>
  (await tx.rows<{ creditMinor: bigint }>(CREDIT, [accountId]))[0]!.creditMinor;

const APPLY_CREDIT = statement(
  'correction-apply-credit',
  `WITH settled AS (SELECT * FROM unnest($4::uuid[], $5::bigint[], $6::bigint[]) AS s (bill_id, principal_minor, late_fee_minor)),
   bills AS (
     UPDATE bill b SET paid_minor = b.paid_minor + s.principal_minor, late_fee_paid_minor = b.late_fee_paid_minor + s.late_fee_minor FROM settled s WHERE b.id = s.bill_id),
   allocated AS (
     INSERT INTO payment_allocation (payment_id, bill_id, principal_minor, late_fee_minor, at) SELECT NULL, bill_id, principal_minor, late_fee_minor, $2 FROM settled),
   entries AS (
     INSERT INTO ledger_entry (at, kind, debit_code, debit_account_id, credit_code, credit_account_id, amount_minor, currency, bill_id)
     SELECT $2, 'CREDIT_APPLIED', 'CUSTOMER_CREDIT', $1::uuid, 'RECEIVABLE', $1::uuid, principal_minor + late_fee_minor, $3, bill_id FROM settled)
   UPDATE account a SET due_minor = a.due_minor - t.minor, credit_minor = a.credit_minor - t.minor
   FROM (SELECT coalesce(sum(principal_minor + late_fee_minor), 0) AS minor FROM settled) t WHERE a.id = $1`,
);

/** Pays open bills from the credit of a locked account. */
export async function applyCredit(
  tx: Tx,
  account: { readonly id: string; readonly currency: string },
  allocations: readonly Allocation[],
  at: Date,
): Promise<void> {
  if (allocations.length === 0) return;
  await tx.rows(APPLY_CREDIT, [
    account.id,
    at,
    account.currency,
    allocations.map(({ billId }) => billId),
    allocations.map(({ principalMinor }) => principalMinor),
    allocations.map(({ lateFeeMinor }) => lateFeeMinor),
  ]);
}

import type { CustomerClass } from '../accounts/customer.js';
import { statement, type Reader } from '../platform/database.js';
import type { LocalDate } from '../platform/local-date.js';
import { billDue, type BillDue, type ChargeableBill, type LateFeeCharge } from './amount-due-policy.js';
import type { LateFeeFacts, LateFeeWaiverFact, LateFeeWaiverKind } from './late-fee-policy.js';
import type { LateFeeRule } from './late-fee-rule.js';

/**
 * What the late fee of bill `b` rests on, as one JSON value (amounts as text: a JSON number would lose fen). A payment counts from its
 * value date, but not later than from the local day on which it was posted; credit and reversals from the local day of their own.
 *
 * @param zone SQL of the company's time zone
 */
const lateFeeFactsJson = (zone: string): string => `jsonb_build_object(
     'dueDate', b.due_date, 'principalMinor', b.total_minor::text, 'currency', b.currency,
     'customerClass', (SELECT k.customer_class FROM account o JOIN customer k ON k.id = o.customer_id WHERE o.id = b.account_id),
     'movements', (SELECT coalesce(jsonb_agg(jsonb_build_array(
         CASE WHEN x.principal_minor > 0 THEN least(q.value_date, (x.at AT TIME ZONE ${zone})::date) ELSE (x.at AT TIME ZONE ${zone})::date END,
         x.principal_minor::text) ORDER BY x.id), '[]')
       FROM payment_allocation x LEFT JOIN payment q ON q.id = x.payment_id WHERE x.bill_id = b.id AND x.principal_minor <> 0),
     'waivers', (SELECT coalesce(jsonb_agg(jsonb_build_array(w.kind, w.from_date, w.to_date, w.amount_minor::text) ORDER BY w.id), '[]')
       FROM late_fee_waiver w WHERE w.bill_id = b.id AND w.state = 'GRANTED'))`;

/** The columns of an open bill `b`, its late fee's facts apart. */
export const CHARGEABLE_COLUMNS = `b.id AS "billId", b.due_date AS "dueDate", b.issued_at AS "issuedAt",
  b.total_minor - b.paid_minor AS "principalOutstandingMinor", b.late_fee_minor - b.late_fee_paid_minor AS "lateFeeOutstandingMinor",
  b.late_fee_minor AS "lateFeePostedMinor"`;

/** The facts as the database hands them over. */
interface LateFeeFactsJson {
  readonly dueDate: LocalDate;
  readonly principalMinor: string;
  readonly currency: string;
  readonly customerClass: CustomerClass;
  readonly movements: readonly (readonly [date: LocalDate, amountMinor: string])[];
  readonly waivers: readonly (readonly [
    kind: LateFeeWaiverKind,
    fromDate: LocalDate | null,
    toDate: LocalDate | null,
    amountMinor: string | null,
  ])[];
}

/** Reads them into integers. */
const lateFeeFactsOf = (json: LateFeeFactsJson): LateFeeFacts => ({
  dueDate: json.dueDate,
  principalMinor: BigInt(json.principalMinor),
  currency: json.currency,
  customerClass: json.customerClass,
  movements: json.movements.map(([date, amountMinor]) => ({ date, amountMinor: BigInt(amountMinor) })),
  waivers: json.waivers.map(([kind, fromDate, toDate, amountMinor]): LateFeeWaiverFact =>
    amountMinor === null ? { kind, fromDate: fromDate!, toDate: toDate! } : { kind, amountMinor: BigInt(amountMinor) },
  ),
});

/** A bill as {@link CHARGEABLE_COLUMNS} and {@link lateFeeFactsJson} read it. */
type ChargeableRow = Omit<ChargeableBill, 'lateFeeFacts'> & { readonly lateFeeFacts: LateFeeFactsJson | null };

const chargeableBill = ({ lateFeeFacts, ...bill }: ChargeableRow): ChargeableBill => ({
  ...bill,
  lateFeeFacts: lateFeeFacts && lateFeeFactsOf(lateFeeFacts),
});

const BY_BILL = statement(
  'late-fee-bills',
  `SELECT ${CHARGEABLE_COLUMNS}, ${lateFeeFactsJson('$2::text')} AS "lateFeeFacts" FROM bill b WHERE b.id = ANY($1::uuid[])`,
);

/** Bills, open or not, with what their late fees rest on; in no order. */
export async function chargeableBills(
  reader: Reader,
  billIds: readonly string[],
  timeZone: string,
): Promise<ChargeableBill[]> {
  return (await reader.rows<ChargeableRow>(BY_BILL, [billIds, timeZone])).map(chargeableBill);
}

const OPEN_BY_ACCOUNT = statement(
  'late-fee-open-bills',
  `SELECT b.account_id AS "accountId", ${CHARGEABLE_COLUMNS}, ${lateFeeFactsJson('$2::text')} AS "lateFeeFacts"
   FROM bill b WHERE b.account_id = ANY($1::uuid[]) AND (b.paid_minor < b.total_minor OR b.late_fee_paid_minor < b.late_fee_minor)
   ORDER BY b.due_date, b.id`,
);

/** What an account has to pay on a date: itemised before money is taken (先告知明细). */
export interface AmountDue {
  readonly onDate: LocalDate;
  /** Open principal and late fees up to the date, of all bills. */
  readonly totalMinor: bigint;
  /** The part of bills whose due date lies before the date: pay it, and no debt keeps the power off. */
  readonly overdueMinor: bigint;
  /** Every open bill, oldest due first. */
  readonly bills: readonly BillDue[];
}

/**
 * What each of these accounts has to pay on a date, by account id. It is exactly what a payment with this value date enters and takes, as
 * long as nothing else happens on the account before.
 */
export async function amountsDue(
  reader: Reader,
  accountIds: readonly string[],
  on: { readonly date: LocalDate; readonly rule: LateFeeRule | null; readonly timeZone: string },
): Promise<Map<string, AmountDue>> {
  const rows = await reader.rows<ChargeableRow & { accountId: string }>(OPEN_BY_ACCOUNT, [accountIds, on.timeZone]);
  const byAccount = Map.groupBy(rows, ({ accountId }) => accountId);
  return new Map(
    accountIds.map((id) => [
      id,
      amountDueOf(
        (byAccount.get(id) ?? []).map((row) => billDue(chargeableBill(row), on.rule, on.date)),
        on.date,
      ),
    ]),
  );
}

function amountDueOf(bills: readonly BillDue[], onDate: LocalDate): AmountDue {
  const sum = (some: readonly BillDue[]) =>
    some.reduce((minor, { principalMinor, lateFeeMinor }) => minor + principalMinor + lateFeeMinor, 0n);
  return {
    onDate,
    totalMinor: sum(bills),
    overdueMinor: sum(bills.filter(({ dueDate }) => dueDate < onDate)),
    bills,
  };
}

/** Charges as the statements that enter them take them: one row per line, in order. */
export const chargeLinesJson = (charges: readonly LateFeeCharge[], rule: LateFeeRule | null): string =>
  JSON.stringify(
    charges.flatMap(({ billId, lines }) =>
      lines.map((line, index) => ({ ...line, billId, lineNumber: index + 1, ruleCode: rule?.code })),
    ),
    (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  );

/** SQL that stores the lines of the LATE_FEE entries in `entries` (id, kind, bill_id); `$n` holds {@link chargeLinesJson}. */
export const insertLateFeeLines = (parameter: string): string => `INSERT INTO late_fee_line
     (entry_id, line_number, bill_id, kind, from_date, to_date, days, base_minor, rate_per_mille, amount_minor, clause, rule_code)
   SELECT e.id, l."lineNumber", e.bill_id, l.kind, l."fromDate", l."toDate", l.days, l."baseMinor", l."ratePerMille", l."amountMinor", l.clause, l."ruleCode"
   FROM jsonb_to_recordset(${parameter}::jsonb) AS l ("billId" uuid, "lineNumber" smallint, kind text, "fromDate" date, "toDate" date, days integer,
     "baseMinor" bigint, "ratePerMille" smallint, "amountMinor" bigint, clause text, "ruleCode" text)
   JOIN entries e ON e.bill_id = l."billId" AND e.kind = 'LATE_FEE'`;

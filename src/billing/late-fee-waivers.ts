import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import type { LocalDate } from '../platform/local-date.js';
import type { LateFee, LateFeeWaiverFact, LateFeeWaiverKind } from './late-fee-policy.js';
import type { LateFeeRule } from './late-fee-rule.js';
import type { LateFeeWaiverState } from './late-fee-waiver.js';
import type { FreedPart } from './late-fee-waiver-policy.js';
import { chargeLinesJson, insertLateFeeLines } from './late-fees.js';

const ACCOUNT_OF_BILL = statement('bill-account', `SELECT account_id AS "accountId" FROM bill WHERE id = $1`);

/** The account a bill is charged to; undefined if there is no such bill. Not locked. */
export async function accountOfBill(tx: Tx, billId: string): Promise<string | undefined> {
  return (await tx.rows<{ accountId: string }>(ACCOUNT_OF_BILL, [billId]))[0]?.accountId;
}

const LIVE = `e.bill_id = $1 AND e.kind = 'LATE_FEE' AND NOT EXISTS (SELECT FROM ledger_entry r WHERE r.reverses_entry_id = e.id)`;

const POSTED_UP_TO = statement(
  'late-fee-posted-up-to',
  `SELECT max(l.to_date) AS "upTo" FROM ledger_entry e JOIN late_fee_line l ON l.entry_id = e.id WHERE ${LIVE}`,
);

/** The last day of the late fee that the ledger holds for a bill; null when it holds none. */
export async function lateFeePostedUpTo(tx: Tx, billId: string): Promise<LocalDate | null> {
  return (await tx.rows<{ upTo: LocalDate | null }>(POSTED_UP_TO, [billId]))[0]!.upTo;
}

const PAID_BY = statement(
  'late-fee-paid-by',
  `SELECT payment_id AS "paymentId", sum(late_fee_minor)::bigint AS "paidMinor" FROM payment_allocation
   WHERE bill_id = $1 AND payment_id IS NOT NULL GROUP BY payment_id HAVING sum(late_fee_minor) > 0 ORDER BY max(id) DESC`,
);

/** Which payments paid the late fee of a bill, the latest first. What credit paid names no payment and is not among them. */
export const lateFeePaidBy = (tx: Tx, billId: string): Promise<{ paymentId: string; paidMinor: bigint }[]> =>
  tx.rows(PAID_BY, [billId]);

// $5: what stands afterwards. The whole fee is reversed, entry by entry, and entered anew: each entry keeps its lines, and what stands is
// one entry whose lines explain it. A freed part without a payment was paid from credit: no payment is changed for it.
const RESTATE = statement(
  'late-fee-restate',
  `WITH live AS (SELECT e.id, e.amount_minor FROM ledger_entry e WHERE ${LIVE}),
   freed AS (SELECT * FROM unnest($6::uuid[], $7::bigint[]) AS f (payment_id, minor)),
   total AS (SELECT (SELECT coalesce(sum(minor), 0) FROM freed) AS freed, (SELECT sum(amount_minor) FROM live) AS before),
   changed_bill AS (
     UPDATE bill SET late_fee_minor = $5::bigint, late_fee_paid_minor = late_fee_paid_minor - t.freed FROM total t WHERE id = $1),
   credited AS (UPDATE payment p SET credited_minor = p.credited_minor + f.minor FROM freed f WHERE p.id = f.payment_id),
   allocated AS (
     INSERT INTO payment_allocation (payment_id, bill_id, principal_minor, late_fee_minor, at)
     SELECT payment_id, $1, 0, -minor, $4 FROM freed),
   balances AS (
     UPDATE account SET due_minor = due_minor - t.before + $5::bigint + t.freed, credit_minor = credit_minor + t.freed FROM total t WHERE id = $2),
   entries AS (
     INSERT INTO ledger_entry (at, kind, debit_code, debit_account_id, credit_code, credit_account_id, amount_minor, currency, bill_id, payment_id, reverses_entry_id)
     SELECT $4::timestamptz, 'LATE_FEE_REVERSED', 'LATE_FEE_REVENUE', NULL::uuid, 'RECEIVABLE', $2::uuid, amount_minor, $3, $1::uuid, NULL::uuid, id FROM live
     UNION ALL
     SELECT $4, 'LATE_FEE', 'RECEIVABLE', $2, 'LATE_FEE_REVENUE', NULL, $5, $3, $1, NULL, NULL WHERE $5 > 0
     UNION ALL
     SELECT $4, 'LATE_FEE_CREDITED', 'RECEIVABLE', $2, 'CUSTOMER_CREDIT', $2, minor, $3, $1, payment_id, NULL FROM freed
     RETURNING id, kind, bill_id),
   explained AS (
     ${insertLateFeeLines('$8')})
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, from_state, to_state, detail)
   SELECT $4, $9, $10, 'late-fee.restated', 'Bill', $1, $2, 'ISSUED', 'ISSUED',
          jsonb_build_object('beforeMinor', t.before::text, 'afterMinor', $5::text, 'creditedMinor', t.freed::text, 'waiverId', $11::uuid)
   FROM total t`,
);

/**
 * Enters the late fee of a bill anew, lower than it stands; what was paid above it becomes credit. The account must be locked.
 *
 * @param freed what goes from the fee to the customer's credit, by who paid it; together the whole of what was paid above the new fee
 */
export async function restateLateFee(
  tx: Tx,
  bill: { readonly id: string; readonly accountId: string; readonly currency: string },
  restated: { readonly fee: LateFee; readonly rule: LateFeeRule; readonly waiverId: string },
  freed: readonly FreedPart[],
  by: { readonly at: Date; readonly actor: Actor },
): Promise<void> {
  const { fee, rule, waiverId } = restated;
  const lines = fee.totalMinor > 0n ? fee.lines : [];
  await tx.rows(RESTATE, [
    bill.id,
    bill.accountId,
    bill.currency,
    by.at,
    fee.totalMinor,
    freed.map(({ paymentId }) => paymentId),
    freed.map(({ amountMinor }) => amountMinor),
    chargeLinesJson([{ billId: bill.id, amountMinor: fee.totalMinor, lines }], rule),
    by.actor.kind,
    by.actor.id,
    waiverId,
  ]);
}

/** A waiver as it is stored first: waiting, or granted at once. */
export interface WaiverToStore {
  readonly id: string;
  readonly billId: string;
  readonly accountId: string;
  readonly fact: LateFeeWaiverFact;
  readonly effectMinor: bigint;
  readonly evidence: string;
  readonly reason: string;
  readonly twoPersons: boolean;
}

const INSERT = statement(
  'late-fee-waiver-insert',
  `WITH stored AS (
     INSERT INTO late_fee_waiver (id, bill_id, account_id, kind, state, from_date, to_date, amount_minor, effect_minor, evidence, reason, two_persons,
                                  requested_at, requested_by, decided_at, decided_by, decision_reason)
     VALUES ($1, $2, $3, $4, CASE WHEN $11 THEN 'REQUESTED' ELSE 'GRANTED' END, $5, $6, $7, $8, $9, $10, $11, $12, $13,
             CASE WHEN NOT $11 THEN $12::timestamptz END, CASE WHEN NOT $11 THEN $13::text END, NULL) RETURNING *)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, to_state, reason, detail)
   SELECT $12, $14, $13, 'late-fee-waiver.' || lower(state), 'LateFeeWaiver', id, account_id, state, reason,
          jsonb_build_object('billId', bill_id, 'kind', kind, 'effectMinor', effect_minor::text) FROM stored RETURNING to_state AS state`,
);

/** Stores a waiver, GRANTED unless it needs a second person. */
export async function insertWaiver(
  tx: Tx,
  waiver: WaiverToStore,
  by: { readonly at: Date; readonly actor: Actor },
): Promise<LateFeeWaiverState> {
  const { fact } = waiver;
  const [stored] = await tx.rows<{ state: LateFeeWaiverState }>(INSERT, [
    waiver.id,
    waiver.billId,
    waiver.accountId,
    fact.kind,
    'fromDate' in fact ? fact.fromDate : null,
    'fromDate' in fact ? fact.toDate : null,
    'amountMinor' in fact ? fact.amountMinor : null,
    waiver.effectMinor,
    waiver.evidence,
    waiver.reason,
    waiver.twoPersons,
    by.at,
    by.actor.id,
    by.actor.kind,
  ]);
  return stored!.state;
}

/** A waiver as a decision needs it. */
export interface WaiverRow {
  readonly id: string;
  readonly billId: string;
  readonly accountId: string;
  readonly state: LateFeeWaiverState;
  readonly requestedBy: string;
  readonly kind: LateFeeWaiverKind;
  readonly fromDate: LocalDate | null;
  readonly toDate: LocalDate | null;
  readonly amountMinor: bigint | null;
}

const BY_ID = statement(
  'late-fee-waiver-by-id',
  `SELECT id, bill_id AS "billId", account_id AS "accountId", state, requested_by AS "requestedBy", kind, from_date AS "fromDate", to_date AS "toDate",
          amount_minor AS "amountMinor" FROM late_fee_waiver WHERE id = $1`,
);

/** A waiver. Whoever decides about it reads it again under the account's lock. */
export async function findWaiver(tx: Tx, waiverId: string): Promise<WaiverRow | undefined> {
  return (await tx.rows<WaiverRow>(BY_ID, [waiverId]))[0];
}

/** The waiver as the fee's computation takes it. */
export const waiverFact = ({ kind, fromDate, toDate, amountMinor }: WaiverRow): LateFeeWaiverFact =>
  amountMinor === null ? { kind, fromDate: fromDate!, toDate: toDate! } : { kind, amountMinor };

const WAIVED_ALONE = statement(
  'late-fee-waived-alone',
  `SELECT coalesce(sum(effect_minor), 0)::bigint AS "minor" FROM late_fee_waiver WHERE bill_id = $1 AND state = 'GRANTED' AND NOT two_persons`,
);

/** What was taken off the late fee of a bill without a second person so far. */
export async function waivedAlone(tx: Tx, billId: string): Promise<bigint> {
  return (await tx.rows<{ minor: bigint }>(WAIVED_ALONE, [billId]))[0]!.minor;
}

const DECIDE = statement(
  'late-fee-waiver-decide',
  `WITH decided AS (
     UPDATE late_fee_waiver SET state = $2, effect_minor = coalesce($3, effect_minor), decided_at = $4, decided_by = $5, decision_reason = $6
     WHERE id = $1 AND state = 'REQUESTED' RETURNING *)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, from_state, to_state, reason, detail)
   SELECT $4, $7, $5, 'late-fee-waiver.' || lower($2), 'LateFeeWaiver', id, account_id, 'REQUESTED', $2, $6,
          jsonb_build_object('billId', bill_id, 'kind', kind, 'effectMinor', effect_minor::text) FROM decided`,
);

/** Decides about a waiver that waits; the account must be locked. `effectMinor`: what it takes off now, for one that is granted. */
export async function decideWaiver(
  tx: Tx,
  waiverId: string,
  decision: {
    readonly state: 'GRANTED' | 'REFUSED';
    readonly effectMinor: bigint | null;
    readonly reason: string;
  },
  by: { readonly at: Date; readonly actor: Actor },
): Promise<void> {
  const { state, effectMinor, reason } = decision;
  await tx.rows(DECIDE, [waiverId, state, effectMinor, by.at, by.actor.id, reason, by.actor.kind]);
}

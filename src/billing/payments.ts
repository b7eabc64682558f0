import type { Actor } from '../platform/audit.js';
import { statement, type Statement, type Tx } from '../platform/database.js';
import type { Allocation } from './allocation-policy.js';
import type { LateFeeCharge } from './amount-due-policy.js';
import type { LateFeeRule } from './late-fee-rule.js';
import { chargeLinesJson, insertLateFeeLines } from './late-fees.js';
import type { PaymentChannel, PaymentState } from './payment.js';

/** A payment as the API returns it. Amounts are minor units. */
export interface PaymentRow {
  readonly id: string;
  readonly idempotencyKey: string;
  readonly contentSha256: Buffer;
  readonly accountId: string | null;
  readonly accountNumber: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly channel: PaymentChannel;
  readonly reference: string | null;
  readonly valueDate: string;
  readonly postedAt: Date;
  readonly postedBy: string;
  readonly state: PaymentState;
  readonly creditedMinor: bigint;
  readonly resolvedByPaymentId: string | null;
}

const COLUMNS = (
  p: string,
) => `${p}.id, ${p}.idempotency_key AS "idempotencyKey", ${p}.content_sha256 AS "contentSha256",
  ${p}.account_id AS "accountId", ${p}.account_number AS "accountNumber", ${p}.amount_minor AS "amountMinor", ${p}.currency, ${p}.channel,
  ${p}.reference, ${p}.value_date AS "valueDate", ${p}.posted_at AS "postedAt", ${p}.posted_by AS "postedBy", ${p}.state,
  ${p}.credited_minor AS "creditedMinor", ${p}.resolved_by_payment_id AS "resolvedByPaymentId"`;

const BY_KEY = statement('payment-by-key', `SELECT ${COLUMNS('p')} FROM payment p WHERE p.idempotency_key = $1`);
const LOCK_BY_ID = statement('payment-lock', `SELECT ${COLUMNS('p')} FROM payment p WHERE p.id = $1 FOR UPDATE`);
const ACCOUNT_OF = statement('payment-account', `SELECT account_id AS "accountId" FROM payment WHERE id = $1`);

/** The payment stored under an idempotency key. */
export async function findPaymentByKey(tx: Pick<Tx, 'rows'>, key: string): Promise<PaymentRow | undefined> {
  return (await tx.rows<PaymentRow>(BY_KEY, [key]))[0];
}

/** The account a payment was posted to: `null` in suspense, `undefined` if there is no such payment. Not locked. */
export async function accountOfPayment(tx: Tx, paymentId: string): Promise<string | null | undefined> {
  return (await tx.rows<{ accountId: string | null }>(ACCOUNT_OF, [paymentId]))[0]?.accountId;
}

/** Locks a payment; take its account's lock first. */
export async function lockPayment(tx: Tx, paymentId: string): Promise<PaymentRow | undefined> {
  return (await tx.rows<PaymentRow>(LOCK_BY_ID, [paymentId]))[0];
}

/** A payment about to be posted, and what it settles. */
export interface PaymentPosting {
  readonly id: string;
  readonly idempotencyKey: string;
  readonly contentSha256: Buffer;
  /** Null: unknown account, the money goes to suspense. */
  readonly accountId: string | null;
  readonly accountNumber: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly channel: PaymentChannel;
  readonly reference: string | null;
  readonly valueDate: string;
  /** Late fees entered before anything is settled, and the rule they follow. */
  readonly charges: readonly LateFeeCharge[];
  readonly lateFeeRule: LateFeeRule | null;
  readonly allocations: readonly Allocation[];
  /** What no bill takes. */
  readonly creditMinor: bigint;
  /** Ledger account the money comes from: CASH, or SUSPENSE when a suspense payment finds its account. */
  readonly source: 'CASH' | 'SUSPENSE';
}

/**
 * One round trip. If the key is known already nothing is inserted and every other part, which reads "posted", does nothing. Most payments
 * make no late fee due, and their statement is spared the parts that enter one.
 */
function postStatement(name: string, lateFees: boolean): Statement {
  const fees = (sql: string): string => (lateFees ? sql : '');
  const settled = lateFees ? 'touched WHERE principal_minor + late_fee_minor > 0' : 'touched';
  const cashKind = `CASE $18 WHEN 'SUSPENSE' THEN 'SUSPENSE_RESOLVED' ELSE 'PAYMENT' END`;
  return statement(
    name,
    `WITH posted AS (
     INSERT INTO payment (id, idempotency_key, content_sha256, account_id, account_number, amount_minor, currency, channel,
                          reference, value_date, posted_at, posted_by, state, credited_minor)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, CASE WHEN $4::uuid IS NULL THEN 'SUSPENSE' ELSE 'POSTED' END, $13)
     ON CONFLICT (idempotency_key) DO NOTHING RETURNING *),
   touched AS (
     SELECT a.* FROM posted, unnest($14::uuid[], $15::bigint[], $16::bigint[] ${fees(', $19::bigint[]')}) AS a (bill_id, principal_minor, late_fee_minor ${fees(', charged_minor')})),
   bills AS (
     UPDATE bill b SET paid_minor = b.paid_minor + t.principal_minor, late_fee_paid_minor = b.late_fee_paid_minor + t.late_fee_minor
       ${fees(', late_fee_minor = b.late_fee_minor + t.charged_minor')}
     FROM touched t WHERE b.id = t.bill_id),
   allocated AS (
     INSERT INTO payment_allocation (payment_id, bill_id, principal_minor, late_fee_minor, at)
     SELECT $1, bill_id, principal_minor, late_fee_minor, $11 FROM ${settled}),
   balances AS (
     UPDATE account SET due_minor = due_minor - (SELECT coalesce(sum(principal_minor + late_fee_minor ${fees('- charged_minor')}), 0) FROM touched),
                        credit_minor = credit_minor + $13
     FROM posted WHERE account.id = posted.account_id),
   entries AS (
     INSERT INTO ledger_entry (at, kind, debit_code, debit_account_id, credit_code, credit_account_id, amount_minor, currency, bill_id, payment_id)
     ${fees(`-- A late fee is no part of the payment: it names none, so that reversing the payment leaves it.
     SELECT $11::timestamptz, 'LATE_FEE', 'RECEIVABLE', $4::uuid, 'LATE_FEE_REVENUE', NULL::uuid, charged_minor, $7, bill_id, NULL::uuid FROM touched WHERE charged_minor > 0
     UNION ALL`)}
     SELECT $11, ${cashKind}, $18, NULL::uuid, 'RECEIVABLE', $4::uuid, principal_minor + late_fee_minor, $7, bill_id, $1 FROM ${settled}
     UNION ALL
     SELECT $11, ${cashKind}, $18, NULL, CASE WHEN $4::uuid IS NULL THEN 'SUSPENSE' ELSE 'CUSTOMER_CREDIT' END, $4::uuid, $13, $7, NULL, $1
     FROM posted WHERE $13 > 0 ${fees('RETURNING id, kind, bill_id')}),
   ${fees(`explained AS (${insertLateFeeLines('$20')}),`)}
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, from_state, to_state, detail)
     SELECT $11::timestamptz, $17, $12, 'payment.recorded', 'Payment', id, account_id, NULL, state,
            jsonb_build_object('amountMinor', amount_minor::text, 'currency', currency, 'channel', channel, 'creditedMinor', credited_minor::text)
     FROM posted
     ${fees(`UNION ALL
     SELECT $11, $17, $12, 'late-fee.charged', 'Bill', bill_id, $4, 'ISSUED', 'ISSUED', jsonb_build_object('amountMinor', charged_minor::text, 'paymentId', $1) FROM touched WHERE charged_minor > 0`)})
   SELECT ${COLUMNS('posted')} FROM posted`,
  );
}

const POST = postStatement('payment-post', false);
const POST_WITH_LATE_FEES = postStatement('payment-post-late-fees', true);

/**
 * Posts a payment with the late fees it makes due, its allocations, ledger entries and audit record in one statement. The account must be locked.
 * Returns undefined, and has done nothing, when the idempotency key is taken.
 */
export async function postPayment(
  tx: Tx,
  posting: PaymentPosting,
  at: Date,
  actor: Actor,
): Promise<PaymentRow | undefined> {
  const bills = billsTouched(posting);
  const values = [
    posting.id,
    posting.idempotencyKey,
    posting.contentSha256,
    posting.accountId,
    posting.accountNumber,
    posting.amountMinor,
    posting.currency,
    posting.channel,
    posting.reference,
    posting.valueDate,
    at,
    actor.id,
    posting.creditMinor,
    bills.map(({ billId }) => billId),
    bills.map(({ principalMinor }) => principalMinor),
    bills.map(({ lateFeeMinor }) => lateFeeMinor),
    actor.kind,
    posting.source,
  ];
  if (posting.charges.length === 0) return (await tx.rows<PaymentRow>(POST, values))[0];
  const charged = bills.map(({ chargedMinor }) => chargedMinor);
  const lines = chargeLinesJson(posting.charges, posting.lateFeeRule);
  return (await tx.rows<PaymentRow>(POST_WITH_LATE_FEES, [...values, charged, lines]))[0];
}

/** One row per bill that is charged, settled or both: a bill can be changed only once in a statement. */
function billsTouched({ allocations, charges }: PaymentPosting): (Allocation & { readonly chargedMinor: bigint })[] {
  const charged = new Map(charges.map(({ billId, amountMinor }) => [billId, amountMinor]));
  const settled = new Set(allocations.map(({ billId }) => billId));
  return [
    ...allocations.map((allocation) => ({ ...allocation, chargedMinor: charged.get(allocation.billId) ?? 0n })),
    ...charges
      .filter(({ billId }) => !settled.has(billId))
      .map(({ billId, amountMinor }) => ({ billId, principalMinor: 0n, lateFeeMinor: 0n, chargedMinor: amountMinor })),
  ];
}

const MARK_RESOLVED = statement(
  'payment-mark-resolved',
  `WITH resolved AS (
     UPDATE payment SET state = 'RESOLVED', resolved_by_payment_id = $2 WHERE id = $1 AND state = 'SUSPENSE' RETURNING id)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, from_state, to_state, reason, detail)
   SELECT $3, $4, $5, 'payment.resolved', 'Payment', id, 'SUSPENSE', 'RESOLVED', $6, jsonb_build_object('paymentId', $2::uuid) FROM resolved`,
);

/** Marks a suspense payment, locked by the caller, as posted to its account by another payment. */
export async function markResolved(
  tx: Tx,
  paymentId: string,
  byPaymentId: string,
  at: Date,
  actor: Actor,
  reason: string,
): Promise<void> {
  await tx.rows(MARK_RESOLVED, [paymentId, byPaymentId, at, actor.kind, actor.id, reason]);
}

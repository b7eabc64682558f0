import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
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
  readonly allocations: readonly {
    readonly billId: string;
    readonly principalMinor: bigint;
    readonly lateFeeMinor: bigint;
  }[];
  /** What no bill takes. */
  readonly creditMinor: bigint;
  /** Ledger account the money comes from: CASH, or SUSPENSE when a suspense payment finds its account. */
  readonly source: 'CASH' | 'SUSPENSE';
}

// One round trip. If the key is known already nothing is inserted and every other part, which reads "posted", does nothing.
const POST_PAYMENT = statement(
  'payment-post',
  `WITH posted AS (
     INSERT INTO payment (id, idempotency_key, content_sha256, account_id, account_number, amount_minor, currency, channel,
                          reference, value_date, posted_at, posted_by, state, credited_minor)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, CASE WHEN $4::uuid IS NULL THEN 'SUSPENSE' ELSE 'POSTED' END, $13)
     ON CONFLICT (idempotency_key) DO NOTHING RETURNING *),
   settled AS (
     SELECT a.* FROM posted, unnest($14::uuid[], $15::bigint[], $16::bigint[]) AS a (bill_id, principal_minor, late_fee_minor)),
   bills AS (
     UPDATE bill b SET paid_minor = b.paid_minor + s.principal_minor, late_fee_paid_minor = b.late_fee_paid_minor + s.late_fee_minor
     FROM settled s WHERE b.id = s.bill_id),
   allocated AS (
     INSERT INTO payment_allocation (payment_id, bill_id, principal_minor, late_fee_minor, at)
     SELECT $1, bill_id, principal_minor, late_fee_minor, $11 FROM settled),
   balances AS (
     UPDATE account SET due_minor = due_minor - (SELECT coalesce(sum(principal_minor + late_fee_minor), 0) FROM settled),
                        credit_minor = credit_minor + $13
     FROM posted WHERE account.id = posted.account_id),
   entries AS (
     INSERT INTO ledger_entry (at, kind, debit_code, credit_code, credit_account_id, amount_minor, currency, bill_id, payment_id)
     SELECT $11, CASE $18 WHEN 'SUSPENSE' THEN 'SUSPENSE_RESOLVED' ELSE 'PAYMENT' END, $18, 'RECEIVABLE', $4::uuid, principal_minor + late_fee_minor, $7, bill_id, $1 FROM settled
     UNION ALL
     SELECT $11, CASE $18 WHEN 'SUSPENSE' THEN 'SUSPENSE_RESOLVED' ELSE 'PAYMENT' END, $18, CASE WHEN $4::uuid IS NULL THEN 'SUSPENSE' ELSE 'CUSTOMER_CREDIT' END, $4::uuid, $13, $7, NULL, $1
     FROM posted WHERE $13 > 0),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, to_state, detail)
     SELECT $11, $17, $12, 'payment.recorded', 'Payment', id, account_id, state,
            jsonb_build_object('amountMinor', amount_minor::text, 'currency', currency, 'channel', channel, 'creditedMinor', credited_minor::text)
     FROM posted)
   SELECT ${COLUMNS('posted')} FROM posted`,
);

/**
 * Posts a payment with its allocations, ledger entries and audit record in one statement. The account must be locked.
 * Returns undefined, and has done nothing, when the idempotency key is taken.
 */
export async function postPayment(
  tx: Tx,
  posting: PaymentPosting,
  at: Date,
  actor: Actor,
): Promise<PaymentRow | undefined> {
  const rows = await tx.rows<PaymentRow>(POST_PAYMENT, [
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
    posting.allocations.map(({ billId }) => billId),
    posting.allocations.map(({ principalMinor }) => principalMinor),
    posting.allocations.map(({ lateFeeMinor }) => lateFeeMinor),
    actor.kind,
    posting.source,
  ]);
  return rows[0];
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

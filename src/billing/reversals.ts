import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import type { PaymentRow } from './payments.js';

const BY_KEY = statement(
  'reversal-by-key',
  `SELECT payment_id AS "paymentId", content_sha256 AS "contentSha256" FROM payment_reversal WHERE idempotency_key = $1`,
);

// Two payments reversed at once under one key hold different locks; without this one the second would run into the unique key.
const LOCK_KEY = statement('reversal-lock-key', `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`);

/** The reversal stored under an idempotency key, which nobody else can take until this transaction ends. */
export async function findReversalByKey(
  tx: Tx,
  key: string,
): Promise<{ paymentId: string; contentSha256: Buffer } | undefined> {
  await tx.rows(LOCK_KEY, [`reversal ${key}`]);
  return (await tx.rows<{ paymentId: string; contentSha256: Buffer }>(BY_KEY, [key]))[0];
}

const REVERSE = statement(
  'payment-reverse',
  `WITH reversal AS (
     INSERT INTO payment_reversal (payment_id, idempotency_key, content_sha256, reversed_at, reversed_by, reason)
     VALUES ($1, $2, $3, $4, $5, $6)),
   undone AS (
     SELECT bill_id, sum(principal_minor) AS principal_minor, sum(late_fee_minor) AS late_fee_minor
     FROM payment_allocation WHERE payment_id = $1 GROUP BY bill_id),
   bills AS (
     UPDATE bill b SET paid_minor = b.paid_minor - u.principal_minor, late_fee_paid_minor = b.late_fee_paid_minor - u.late_fee_minor
     FROM undone u WHERE b.id = u.bill_id),
   allocated AS (
     INSERT INTO payment_allocation (payment_id, bill_id, principal_minor, late_fee_minor, at)
     SELECT $1, bill_id, -principal_minor, -late_fee_minor, $4 FROM undone WHERE principal_minor <> 0 OR late_fee_minor <> 0),
   balances AS (
     UPDATE account SET due_minor = due_minor + (SELECT coalesce(sum(principal_minor + late_fee_minor), 0) FROM undone),
                        credit_minor = credit_minor - $8
     WHERE id = $7),
   entries AS (
     INSERT INTO ledger_entry (at, kind, debit_code, debit_account_id, credit_code, credit_account_id, amount_minor, currency, bill_id, payment_id, reverses_entry_id)
     SELECT $4, 'REVERSAL', e.credit_code, e.credit_account_id, e.debit_code, e.debit_account_id, e.amount_minor, e.currency, e.bill_id, e.payment_id, e.id
     FROM ledger_entry e
     WHERE e.payment_id = $1 AND e.reverses_entry_id IS NULL),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, from_state, to_state, reason)
     SELECT $4, $9, $5, CASE id WHEN $1 THEN 'payment.reversed' ELSE 'payment.back-in-suspense' END, 'Payment', id, account_id, state,
            CASE id WHEN $1 THEN 'REVERSED' ELSE 'SUSPENSE' END, $6
     FROM payment WHERE id = $1 OR resolved_by_payment_id = $1)
   -- Money that had come out of suspense goes back into it: it is still somebody's.
   UPDATE payment SET state = CASE id WHEN $1 THEN 'REVERSED' ELSE 'SUSPENSE' END,
                      resolved_by_payment_id = NULL
   WHERE id = $1 OR resolved_by_payment_id = $1`,
);

/**
 * Reverses a payment's allocations, ledger entries and balances in one statement. The account and the payment must be locked, and
 * the payment must be POSTED or in SUSPENSE.
 */
export async function reversePosting(
  tx: Tx,
  payment: PaymentRow,
  reversal: { readonly idempotencyKey: string; readonly contentSha256: Buffer; readonly reason: string },
  at: Date,
  actor: Actor,
): Promise<PaymentRow> {
  await tx.rows(REVERSE, [
    payment.id,
    reversal.idempotencyKey,
    reversal.contentSha256,
    at,
    actor.id,
    reversal.reason,
    payment.accountId,
    payment.accountId === null ? 0n : payment.creditedMinor,
    actor.kind,
  ]);
  return { ...payment, state: 'REVERSED' };
}

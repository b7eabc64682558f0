import { lockAccount } from '../accounts/accounts.js';
import { accountOfPayment, lockPayment, type PaymentRow } from '../billing/payments.js';
import { findReversalByKey, reversePosting } from '../billing/reversals.js';
import type { Actor } from '../platform/audit.js';
import { UserError } from '../platform/errors.js';
import { contentHash } from '../platform/ids.js';
import type { FlowContext } from './context.js';

/** A payment to be reversed: bounced cheque, recalled transfer, entered by mistake. */
export interface ReversalInput {
  readonly paymentId: string;
  readonly idempotencyKey: string;
  readonly reason: string;
}

/**
 * Reverses a payment by new entries that name the old ones. The debt is open again, with its old due dates, but nothing is
 * cut by that: a cut needs a fresh notice and a fresh request.
 *
 * @throws UserError PAYMENT_NOT_FOUND, PAYMENT_ALREADY_REVERSED, PAYMENT_RESOLVED, CREDIT_SPENT, IDEMPOTENCY_KEY_REUSED
 */
export async function reversePayment(
  ctx: FlowContext,
  input: ReversalInput,
  actor: Actor,
): Promise<{ payment: PaymentRow; replayed: boolean }> {
  const contentSha256 = contentHash({ paymentId: input.paymentId, reason: input.reason });
  return ctx.db.transaction('reverse-payment', async (tx) => {
    const accountId = await accountOfPayment(tx, input.paymentId);
    if (accountId === undefined) throw new UserError('PAYMENT_NOT_FOUND', 'There is no such payment.', 'paymentId');
    const account = accountId ? await lockAccount(tx, accountId) : undefined;
    const payment = (await lockPayment(tx, input.paymentId))!;
    const earlier = await findReversalByKey(tx, input.idempotencyKey);
    if (earlier) {
      if (!earlier.contentSha256.equals(contentSha256)) {
        throw new UserError(
          'IDEMPOTENCY_KEY_REUSED',
          `This idempotency key reversed payment ${earlier.paymentId}. Use a new key.`,
          'idempotencyKey',
        );
      }
      return { payment, replayed: true };
    }
    if (payment.state === 'REVERSED')
      throw new UserError('PAYMENT_ALREADY_REVERSED', 'This payment is reversed already.', 'paymentId');
    if (payment.state === 'RESOLVED') {
      throw new UserError(
        'PAYMENT_RESOLVED',
        `This suspense payment was posted as payment ${payment.resolvedByPaymentId}; reverse that one.`,
        'paymentId',
      );
    }
    if (account && account.creditMinor < payment.creditedMinor) {
      throw new UserError(
        'CREDIT_SPENT',
        'Part of this payment went to credit that later bills have used. Reverse or correct those first.',
        'paymentId',
      );
    }
    const at = ctx.clock.now();
    const reversed = await reversePosting(tx, payment, { ...input, contentSha256 }, at, actor);
    tx.afterCommit(() => ctx.nudges.nudge('changed', [payment.id, ...(accountId ? [accountId] : [])]));
    return { payment: reversed, replayed: false };
  });
}

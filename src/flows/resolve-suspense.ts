import { lockAccountByNumber } from '../accounts/accounts.js';
import { findPaymentByKey, lockPayment, markResolved, postPayment, type PaymentRow } from '../billing/payments.js';
import type { Actor } from '../platform/audit.js';
import { UserError } from '../platform/errors.js';
import { contentHash, newId } from '../platform/ids.js';
import type { FlowContext } from './context.js';
import { lateFeeRuleFor } from './late-fee-rules.js';
import { settlementOf } from './payment-facts.js';
import type { PaymentReceipt } from './receive-payment.js';
import { announceSupplyRelease, releaseSupply } from './release-supply.js';

/** Money in suspense finds its account. */
export interface SuspenseResolution {
  readonly paymentId: string;
  readonly accountNumber: string;
  readonly idempotencyKey: string;
  readonly reason: string;
}

/**
 * Posts a suspense payment to the account it was meant for: a new payment names the old one, with its day of value and its
 * channel, and does all that a payment does, the restore included.
 *
 * @throws UserError PAYMENT_NOT_FOUND, NOT_IN_SUSPENSE, ACCOUNT_NOT_FOUND, CURRENCY_MISMATCH, IDEMPOTENCY_KEY_REUSED
 */
export async function resolveSuspense(
  ctx: FlowContext,
  input: SuspenseResolution,
  actor: Actor,
): Promise<PaymentReceipt> {
  const contentSha256 = contentHash({
    paymentId: input.paymentId,
    accountNumber: input.accountNumber,
    reason: input.reason,
  });
  return ctx.db.transaction('resolve-suspense', async (tx) => {
    const account = await lockAccountByNumber(tx, input.accountNumber);
    if (!account)
      throw new UserError(
        'ACCOUNT_NOT_FOUND',
        `There is no account ${input.accountNumber}. Check the number with the payer.`,
        'accountNumber',
      );
    const suspense = await lockPayment(tx, input.paymentId);
    const earlier = await findPaymentByKey(tx, input.idempotencyKey);
    if (earlier) {
      if (!earlier.contentSha256.equals(contentSha256))
        throw new UserError(
          'IDEMPOTENCY_KEY_REUSED',
          `This idempotency key belongs to payment ${earlier.id}. Use a new key.`,
          'idempotencyKey',
        );
      return { payment: earlier, replayed: true, restoreCommandIds: [] };
    }
    if (!suspense) throw new UserError('PAYMENT_NOT_FOUND', 'There is no such payment.', 'paymentId');
    requireResolvable(suspense, account);
    const at = ctx.clock.now();
    const plan = await settlementOf(ctx, tx, account, { ...suspense, at });
    const posted = await postPayment(
      tx,
      {
        ...suspense,
        id: newId(),
        idempotencyKey: input.idempotencyKey,
        contentSha256,
        accountId: account.id,
        accountNumber: account.accountNumber,
        charges: plan.charges,
        lateFeeRule: lateFeeRuleFor(ctx, account),
        allocations: plan.allocations,
        creditMinor: plan.creditMinor,
        source: 'SUSPENSE',
      },
      at,
      actor,
    );
    // A payment to another account took the key between our look and our insert.
    if (!posted) throw keyReused((await findPaymentByKey(tx, input.idempotencyKey))!);
    await markResolved(tx, suspense.id, posted.id, at, actor, input.reason);
    const restoreCommandIds = await releaseSupply(ctx, tx, account, posted.id, at, actor);
    announceSupplyRelease(ctx, tx, [posted.id, suspense.id, account.id], restoreCommandIds);
    return { payment: posted, replayed: false, restoreCommandIds };
  });
}

/** @throws UserError NOT_IN_SUSPENSE, CURRENCY_MISMATCH */
function requireResolvable(
  suspense: { readonly state: string; readonly currency: string },
  account: { readonly currency: string },
): void {
  if (suspense.state !== 'SUSPENSE')
    throw new UserError(
      'NOT_IN_SUSPENSE',
      `This payment is ${suspense.state}; only money in suspense can be resolved.`,
      'paymentId',
    );
  if (account.currency !== suspense.currency)
    throw new UserError(
      'CURRENCY_MISMATCH',
      `The account is kept in ${account.currency}, the money is ${suspense.currency}.`,
      'accountNumber',
    );
}

const keyReused = (owner: PaymentRow): UserError =>
  new UserError(
    'IDEMPOTENCY_KEY_REUSED',
    `This idempotency key belongs to payment ${owner.id}. Use a new key.`,
    'idempotencyKey',
  );

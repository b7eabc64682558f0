import { lockAccountByNumber, type LockedAccount } from '../accounts/accounts.js';
import type { PaymentChannel } from '../billing/payment.js';
import { findPaymentByKey, postPayment, type PaymentRow } from '../billing/payments.js';
import type { Actor } from '../platform/audit.js';
import { crashPoint } from '../platform/crash-points.js';
import type { Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { contentHash, newId } from '../platform/ids.js';
import { localDate } from '../platform/local-date.js';
import type { FlowContext } from './context.js';
import { lateFeeRuleFor } from './late-fee-rules.js';
import { settlementOf, settlesNothing, type PlannedSettlement } from './payment-facts.js';
import { announceSupplyRelease, releaseSupply } from './release-supply.js';

/** A payment as it was handed in. `amountMinor` is positive, in the minor unit of `currency`. */
export interface PaymentInput {
  readonly idempotencyKey: string;
  readonly accountNumber: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly channel: PaymentChannel;
  /** The payer's or bank's own reference. */
  readonly reference?: string | null;
  /** Local day on which the money counts; today if absent. */
  readonly valueDate?: string | null;
}

/** The payment, whether this call posted it or an earlier one did, and the restores it ordered now. */
export interface PaymentReceipt {
  readonly payment: PaymentRow;
  readonly replayed: boolean;
  readonly restoreCommandIds: readonly string[];
}

/**
 * A payment arrives. In one transaction, under the account's lock: the late fees of overdue bills are entered up to the day the
 * money counts; it is posted, allocated and entered in the ledger; every cut for arrears that it makes groundless is withdrawn; and
 * where power is due again, the restore is ordered. Whatever happens on the wire later cannot undo it.
 *
 * Same key and content: the first answer again. An unknown account: the money is kept in suspense.
 *
 * @throws UserError IDEMPOTENCY_KEY_REUSED, CURRENCY_MISMATCH
 */
export async function receivePayment(ctx: FlowContext, input: PaymentInput, actor: Actor): Promise<PaymentReceipt> {
  // Who hands it in counts as content: two banks that number alike must not be taken for one.
  const contentSha256 = contentHash({ ...input, idempotencyKey: null, handedInBy: actor.id });
  const receipt = await ctx.db.transaction('receive-payment', async (tx) => {
    crashPoint('receive-payment/begun');
    const account = await lockAccountByNumber(tx, input.accountNumber);
    crashPoint('receive-payment/account-locked');
    if (account && account.currency !== input.currency) throw currencyMismatch(account, input);

    const at = ctx.clock.now();
    const { amountMinor } = input;
    const valueDate = input.valueDate ?? localDate(at, ctx.timeZone);
    const plan = account
      ? await settlementOf(ctx, tx, account, { amountMinor, valueDate, at })
      : settlesNothing(amountMinor);
    const posted = await post(ctx, tx, { ...input, valueDate, contentSha256 }, account, plan, at, actor);
    crashPoint('receive-payment/posted');
    if (!posted) {
      // The key is taken: nothing was posted. If a payment with this key was under way, the insert has waited for its end.
      return replay((await findPaymentByKey(tx, input.idempotencyKey))!, contentSha256, actor);
    }
    const restoreCommandIds =
      account && plan.supplyConcerned ? await releaseSupply(ctx, tx, account, posted.id, at, actor) : [];
    crashPoint('receive-payment/restore-ordered');
    announceSupplyRelease(ctx, tx, [posted.id, ...(account ? [account.id] : [])], restoreCommandIds);
    return { payment: posted, replayed: false, restoreCommandIds };
  });
  crashPoint('receive-payment/committed');
  return receipt;
}

async function post(
  ctx: FlowContext,
  tx: Tx,
  input: PaymentInput & { readonly valueDate: string; readonly contentSha256: Buffer },
  account: LockedAccount | undefined,
  plan: PlannedSettlement,
  at: Date,
  actor: Actor,
): Promise<PaymentRow | undefined> {
  return postPayment(
    tx,
    {
      id: newId(),
      idempotencyKey: input.idempotencyKey,
      contentSha256: input.contentSha256,
      accountId: account?.id ?? null,
      accountNumber: input.accountNumber,
      amountMinor: input.amountMinor,
      currency: input.currency,
      channel: input.channel,
      reference: input.reference ?? null,
      valueDate: input.valueDate,
      charges: plan.charges,
      lateFeeRule: account ? lateFeeRuleFor(ctx, account) : null,
      allocations: plan.allocations,
      creditMinor: plan.creditMinor,
      source: 'CASH',
    },
    at,
    actor,
  );
}

function replay(earlier: PaymentRow, contentSha256: Buffer, actor: Actor): PaymentReceipt {
  if (!earlier.contentSha256.equals(contentSha256)) {
    throw new UserError(
      'IDEMPOTENCY_KEY_REUSED',
      'This idempotency key was used for another payment. Use a new key for a new payment.',
      'idempotencyKey',
      // Whose payment it was is nobody else's business.
      earlier.postedBy === actor.id ? { paymentId: earlier.id } : undefined,
    );
  }
  return { payment: earlier, replayed: true, restoreCommandIds: [] };
}

const currencyMismatch = (account: LockedAccount, input: PaymentInput): UserError =>
  new UserError(
    'CURRENCY_MISMATCH',
    `Account ${account.accountNumber} is kept in ${account.currency}, the payment is in ${input.currency}. Send the amount in ${account.currency}.`,
    'amount.currency',
  );

import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

export const PAYMENT_CHANNELS = [
  'COUNTER_CASH',
  'COUNTER_CHEQUE',
  'BANK',
  'BANK_FILE',
  'MOBILE_APP',
  'SELF_SERVICE',
  'CORRECTION',
] as const;
export type PaymentChannel = (typeof PAYMENT_CHANNELS)[number];

/** POSTED to an account; in SUSPENSE (account unknown) until RESOLVED by a posted payment; or REVERSED. */
export const PAYMENT_STATES = ['POSTED', 'SUSPENSE', 'RESOLVED', 'REVERSED'] as const;
export type PaymentState = (typeof PAYMENT_STATES)[number];

/** Money received: a fact, kept for ever under its idempotency key. */
export const PaymentEntity = defineEntity({
  name: 'Payment',
  tableName: 'payment',
  properties: {
    id: p.uuid().primary(),
    idempotencyKey: p.string(),
    contentSha256: p.blob(),
    accountId: p.uuid().nullable(),
    /** As the payer gave it. */
    accountNumber: p.string(),
    amountMinor: p.bigint(),
    currency: p.string(),
    channel: p.string().$type<PaymentChannel>(),
    reference: p.string().nullable(),
    valueDate: p.date(),
    postedAt: p.datetime(),
    postedBy: p.string(),
    state: p.string().$type<PaymentState>(),
    /** What was left after all open bills and went to the customer's credit. */
    creditedMinor: p.bigint(),
    resolvedByPaymentId: p.uuid().nullable(),
  },
});
export type Payment = InferEntity<typeof PaymentEntity>;

/** What a payment settled of a bill; a reversal adds negative rows. */
export const PaymentAllocationEntity = defineEntity({
  name: 'PaymentAllocation',
  tableName: 'payment_allocation',
  properties: {
    id: p.bigint().primary().autoincrement(),
    paymentId: p.uuid().nullable(),
    billId: p.uuid(),
    principalMinor: p.bigint(),
    lateFeeMinor: p.bigint(),
    at: p.datetime(),
  },
});
export type PaymentAllocation = InferEntity<typeof PaymentAllocationEntity>;

/** The reversal of a payment (bounced cheque, recalled transfer): its own row, so that the payment stays as it was. */
export const PaymentReversalEntity = defineEntity({
  name: 'PaymentReversal',
  tableName: 'payment_reversal',
  properties: {
    paymentId: p.uuid().primary(),
    idempotencyKey: p.string(),
    contentSha256: p.blob(),
    reversedAt: p.datetime(),
    reversedBy: p.string(),
    reason: p.string(),
  },
});
export type PaymentReversal = InferEntity<typeof PaymentReversalEntity>;

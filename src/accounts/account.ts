import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** How an account is paid: after the bill (后付费), or ahead under a cost-control agreement (费控, 预付费). */
export const PAYMENT_MODES = ['POSTPAID', 'PREPAID'] as const;
export type PaymentMode = (typeof PAYMENT_MODES)[number];

/** A customer's account (户号): what bills are charged to and payments are credited to. Amounts are minor units (fen). */
export const AccountEntity = defineEntity({
  name: 'Account',
  tableName: 'account',
  properties: {
    id: p.uuid().primary(),
    accountNumber: p.string(),
    customerId: p.uuid(),
    districtId: p.uuid(),
    currency: p.string(),
    tariffCode: p.string(),
    /** Settlements a month (每月结算次数), 1 to 6: more than one for large customers whose use is unstable. */
    settlementsPerMonth: p.smallint(),
    paymentMode: p.string().$type<PaymentMode>(),
    /** Open principal and late fees, written with the ledger entries under the account's lock. */
    dueMinor: p.bigint(),
    /** Money held for the customer (预收), written likewise. */
    creditMinor: p.bigint(),
    openedAt: p.datetime(),
    closedAt: p.datetime().nullable(),
  },
});
export type Account = InferEntity<typeof AccountEntity>;

/** A place that is supplied (用电点; CIM UsagePoint). */
export const ServicePointEntity = defineEntity({
  name: 'ServicePoint',
  tableName: 'service_point',
  properties: {
    id: p.uuid().primary(),
    servicePointNumber: p.string(),
    accountId: p.uuid(),
    districtId: p.uuid(),
    address: p.string(),
  },
});
export type ServicePoint = InferEntity<typeof ServicePointEntity>;

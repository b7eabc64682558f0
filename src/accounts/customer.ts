import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

export const CUSTOMER_CLASSES = ['RESIDENTIAL', 'COMMERCIAL', 'INDUSTRIAL', 'TEMPORARY'] as const;
export type CustomerClass = (typeof CUSTOMER_CLASSES)[number];

/** A person or company that holds accounts. */
export const CustomerEntity = defineEntity({
  name: 'Customer',
  tableName: 'customer',
  properties: {
    id: p.uuid().primary(),
    name: p.string(),
    customerClass: p.string().$type<CustomerClass>(),
    idDocument: p.string().nullable(),
    /** Local day on which the customer was last asked about protections; null: never, which is not a "no". */
    protectionAskedOn: p.date().nullable(),
    createdAt: p.datetime(),
  },
});
export type Customer = InferEntity<typeof CustomerEntity>;

export const CONTACT_KINDS = ['MOBILE', 'LANDLINE', 'EMAIL', 'ADDRESS'] as const;
export type ContactKind = (typeof CONTACT_KINDS)[number];

/** One way to reach a customer. The database keeps at least two valid ones per customer. */
export const ContactEntity = defineEntity({
  name: 'Contact',
  tableName: 'contact',
  properties: {
    id: p.uuid().primary(),
    customerId: p.uuid(),
    kind: p.string().$type<ContactKind>(),
    value: p.string(),
    valid: p.boolean(),
  },
});
export type Contact = InferEntity<typeof ContactEntity>;

export const PROTECTION_KINDS = [
  'LIFE_SUPPORT',
  'MEDICAL',
  'LONE_ELDERLY',
  'LOW_INCOME',
  'INFANT',
  'DISABLED',
  'IMPORTANT_USER',
] as const;
export type ProtectionKind = (typeof PROTECTION_KINDS)[number];

/** A protection flag (e.g. lone elderly 孤寡老人, low income 低保) with its proof and expiry. */
export const ProtectionEntity = defineEntity({
  name: 'Protection',
  tableName: 'protection',
  properties: {
    id: p.uuid().primary(),
    customerId: p.uuid(),
    kind: p.string().$type<ProtectionKind>(),
    proof: p.string().nullable(),
    validUntil: p.date().nullable(),
    createdAt: p.datetime(),
    recordedBy: p.string().nullable(),
    /** Who saw the proof, and when; null: nobody yet, and it protects all the same. */
    proofVerifiedAt: p.datetime().nullable(),
    proofVerifiedBy: p.string().nullable(),
    /** When a second person established that its reason is gone. */
    endedAt: p.datetime().nullable(),
    endedBy: p.string().nullable(),
    endingReason: p.string().nullable(),
  },
});
export type Protection = InferEntity<typeof ProtectionEntity>;

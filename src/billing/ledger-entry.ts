import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

export const LEDGER_ENTRY_KINDS = [
  'BILL',
  'PAYMENT',
  'CREDIT_APPLIED',
  'REVERSAL',
  'SUSPENSE_RESOLVED',
  'LATE_FEE',
  'LATE_FEE_REVERSED',
  'LATE_FEE_CREDITED',
  'CORRECTION',
  'COMPENSATION',
] as const;
export type LedgerEntryKind = (typeof LEDGER_ENTRY_KINDS)[number];

export const LEDGER_CODES = [
  'RECEIVABLE',
  'CUSTOMER_CREDIT',
  'CASH',
  'REVENUE',
  'LATE_FEE_REVENUE',
  'SUSPENSE',
  'COMPENSATION',
] as const;
export type LedgerCode = (typeof LEDGER_CODES)[number];

/** One balanced pair: `amountMinor` moves from the credit side to the debit side. Inserted, never changed. */
export const LedgerEntryEntity = defineEntity({
  name: 'LedgerEntry',
  tableName: 'ledger_entry',
  properties: {
    id: p.bigint().primary().autoincrement(),
    at: p.datetime(),
    kind: p.string().$type<LedgerEntryKind>(),
    debitCode: p.string().$type<LedgerCode>(),
    debitAccountId: p.uuid().nullable(),
    creditCode: p.string().$type<LedgerCode>(),
    creditAccountId: p.uuid().nullable(),
    amountMinor: p.bigint(),
    currency: p.string(),
    billId: p.uuid().nullable(),
    paymentId: p.uuid().nullable(),
    reversesEntryId: p.bigint().nullable(),
  },
});
export type LedgerEntry = InferEntity<typeof LedgerEntryEntity>;

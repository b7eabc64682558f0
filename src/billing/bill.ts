import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** A bill over a period of local days [periodFrom, periodTo). */
export const BillEntity = defineEntity({
  name: 'Bill',
  tableName: 'bill',
  properties: {
    id: p.uuid().primary(),
    billNumber: p.bigint().autoincrement(),
    accountId: p.uuid(),
    servicePointId: p.uuid(),
    periodFrom: p.date(),
    periodTo: p.date(),
    energyWh: p.bigint(),
    /** True when a boundary reading was estimated (估抄). */
    estimated: p.boolean(),
    issuedAt: p.datetime(),
    dueDate: p.date(),
    currency: p.string(),
    totalMinor: p.bigint(),
    paidMinor: p.bigint(),
    lateFeeMinor: p.bigint(),
    lateFeePaidMinor: p.bigint(),
  },
});
export type Bill = InferEntity<typeof BillEntity>;

/** One line of a bill: energy of one tier at one price. */
export const BillLineEntity = defineEntity({
  name: 'BillLine',
  tableName: 'bill_line',
  properties: {
    billId: p.uuid().primary(),
    lineNumber: p.smallint().primary(),
    kind: p.string().$type<'ENERGY'>(),
    tariffCode: p.string(),
    tier: p.smallint(),
    energyWh: p.bigint(),
    /** Millionths of a currency unit per kWh. */
    unitPriceMicro: p.bigint(),
    amountMinor: p.bigint(),
  },
});
export type BillLine = InferEntity<typeof BillLineEntity>;

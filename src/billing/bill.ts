import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { TouPeriod } from '../metering/reading.js';
import type { LineKind } from './pricing-policy.js';

/**
 * A bill over a period of local days [periodFrom, periodTo). A correction bill names the one it corrects and carries the difference;
 * in the customer's favour its energy and amounts are negative, and it is settled at once by becoming credit.
 */
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
    correctsBillId: p.uuid().nullable(),
    /** 0 for the bill itself, 1 for its first correction. */
    correctionNumber: p.smallint(),
    correctionReason: p.string().nullable(),
  },
});
export type Bill = InferEntity<typeof BillEntity>;

/** One line of a bill: energy of one tier or one period of the day at one price, a surcharge, or free energy (negative). */
export const BillLineEntity = defineEntity({
  name: 'BillLine',
  tableName: 'bill_line',
  properties: {
    billId: p.uuid().primary(),
    lineNumber: p.smallint().primary(),
    kind: p.string().$type<LineKind>(),
    tariffCode: p.string(),
    tier: p.smallint(),
    touPeriod: p.string().$type<TouPeriod>().nullable(),
    /** True when the energy of the period was derived from a load shape and not from registers. */
    splitEstimated: p.boolean(),
    energyWh: p.bigint(),
    /** Millionths of a currency unit per kWh. */
    unitPriceMicro: p.bigint(),
    amountMinor: p.bigint(),
  },
});
export type BillLine = InferEntity<typeof BillLineEntity>;

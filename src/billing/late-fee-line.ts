import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { LateFeeLineKind } from './late-fee-policy.js';

/** One stored line of a LATE_FEE entry; the lines of an entry add up to its amount. Inserted, never changed. */
export const LateFeeLineEntity = defineEntity({
  name: 'LateFeeLine',
  tableName: 'late_fee_line',
  properties: {
    entryId: p.bigint().primary(),
    lineNumber: p.smallint().primary(),
    billId: p.uuid(),
    kind: p.string().$type<LateFeeLineKind>(),
    /** Both days are included. */
    fromDate: p.date(),
    toDate: p.date(),
    /** Null, with base and rate, where no daily rate applies. */
    days: p.integer().nullable(),
    baseMinor: p.bigint().nullable(),
    ratePerMille: p.smallint().nullable(),
    amountMinor: p.bigint(),
    clause: p.string(),
    ruleCode: p.string(),
  },
});
export type StoredLateFeeLine = InferEntity<typeof LateFeeLineEntity>;

import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { LateFeeWaiverKind } from './late-fee-policy.js';

/** REQUESTED until a second person decides, where one is needed; only GRANTED changes the fee. */
export const LATE_FEE_WAIVER_STATES = ['REQUESTED', 'GRANTED', 'REFUSED'] as const;
export type LateFeeWaiverState = (typeof LATE_FEE_WAIVER_STATES)[number];

/** A late fee waived, with its reason: days that bear none (both included), or an amount taken off. */
export const LateFeeWaiverEntity = defineEntity({
  name: 'LateFeeWaiver',
  tableName: 'late_fee_waiver',
  properties: {
    id: p.uuid().primary(),
    billId: p.uuid(),
    accountId: p.uuid(),
    kind: p.string().$type<LateFeeWaiverKind>(),
    state: p.string().$type<LateFeeWaiverState>(),
    fromDate: p.date().nullable(),
    toDate: p.date().nullable(),
    amountMinor: p.bigint().nullable(),
    /** What it takes off the fee: as it stood when it was asked for, and from the decision on when it was granted. */
    effectMinor: p.bigint(),
    evidence: p.string(),
    reason: p.string(),
    /** Above the limit: whoever asks may not grant. */
    twoPersons: p.boolean(),
    requestedAt: p.datetime(),
    requestedBy: p.string(),
    decidedAt: p.datetime().nullable(),
    decidedBy: p.string().nullable(),
    decisionReason: p.string().nullable(),
  },
});
export type LateFeeWaiver = InferEntity<typeof LateFeeWaiverEntity>;

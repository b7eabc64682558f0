import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { HoldKind } from './words.js';

/** How a hold ended (结束结果). */
export const HOLD_OUTCOMES = ['KEPT', 'BROKEN', 'UPHELD', 'REJECTED', 'WITHDRAWN', 'EXPIRED', 'SETTLED'] as const;
export type HoldOutcome = (typeof HOLD_OUTCOMES)[number];

/** Why dunning of an account stands still (暂缓): who, why, until when, and what ended it. Open while `closedAt` is null. */
export const HoldEntity = defineEntity({
  name: 'Hold',
  tableName: 'hold',
  properties: {
    id: p.uuid().primary(),
    accountId: p.uuid(),
    kind: p.string().$type<HoldKind>(),
    reason: p.string(),
    /** Reference of the paper, letter or record it rests on. */
    evidence: p.string().nullable(),
    openedAt: p.datetime(),
    openedBy: p.string(),
    fromDate: p.date(),
    /** Last local day; null: until somebody ends it. */
    untilDate: p.date().nullable(),
    /** Promised, guaranteed, deposited, disputed, or the whole of a plan; minor units. */
    amountMinor: p.bigint().nullable(),
    /** Who must rule, and until when; null where nobody has to. */
    rulingOwner: p.string().nullable(),
    rulingDueAt: p.datetime().nullable(),
    /** When the owner was reminded that the ruling is late. */
    rulingRemindedAt: p.datetime().nullable(),
    closedAt: p.datetime().nullable(),
    closedBy: p.string().nullable(),
    /** Local day of its end: from this day on it holds nothing. */
    endedOn: p.date().nullable(),
    outcome: p.string().$type<HoldOutcome>().nullable(),
    closingReason: p.string().nullable(),
  },
});
export type Hold = InferEntity<typeof HoldEntity>;

/** What is to be paid by when under a payment plan (分期). */
export const PlanInstalmentEntity = defineEntity({
  name: 'PlanInstalment',
  tableName: 'plan_instalment',
  properties: {
    holdId: p.uuid().primary(),
    number: p.smallint().primary(),
    dueDate: p.date(),
    amountMinor: p.bigint(),
  },
});
export type PlanInstalment = InferEntity<typeof PlanInstalmentEntity>;

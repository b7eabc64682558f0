import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

export const COMPENSATION_KINDS = ['WRONGFUL_CUT', 'LATE_RESTORE'] as const;
export type CompensationKind = (typeof COMPENSATION_KINDS)[number];

export const COMPENSATION_STATES = ['OPEN', 'GRANTED', 'REFUSED'] as const;
export type CompensationState = (typeof COMPENSATION_STATES)[number];

/** Why a cut was wrong. */
export const WRONGFUL_CUT_CAUSES = ['WRONG_PREMISE', 'PROTECTED', 'PAID', 'NO_NOTICE', 'OTHER'] as const;
export type WrongfulCutCause = (typeof WRONGFUL_CUT_CAUSES)[number];

/** Compensation for a wrongful cut or a late restore (停电赔偿): opened by one person or by a fact, decided by another person. */
export const CompensationCaseEntity = defineEntity({
  name: 'CompensationCase',
  tableName: 'compensation_case',
  properties: {
    id: p.uuid().primary(),
    kind: p.string().$type<CompensationKind>(),
    state: p.string().$type<CompensationState>(),
    /** Who is compensated; with crossed meters not the account of the cut. */
    accountId: p.uuid(),
    servicePointId: p.uuid(),
    interruptionId: p.uuid().nullable(),
    /** The cut that was wrong, or the restore that was late. */
    commandId: p.uuid(),
    breachId: p.uuid().nullable(),
    cause: p.string().$type<WrongfulCutCause>().nullable(),
    evidence: p.string(),
    openedAt: p.datetime(),
    openedBy: p.string(),
    /** The person who says that the cut was wrong; null while the case is only suggested by what a meter reported. */
    declaredBy: p.string().nullable(),
    darkFrom: p.datetime(),
    /** Days begun without power, as of the opening and then of the decision. */
    days: p.integer(),
    /** By the policy, minor units; null: it names no amount. */
    proposedMinor: p.bigint().nullable(),
    currency: p.string(),
    clause: p.string().nullable(),
    policyCode: p.string().nullable(),
    policyVersion: p.integer().nullable(),
    decidedAt: p.datetime().nullable(),
    decidedBy: p.string().nullable(),
    decisionReason: p.string().nullable(),
    grantedMinor: p.bigint().nullable(),
    ledgerEntryId: p.bigint().nullable(),
  },
});
export type CompensationCase = InferEntity<typeof CompensationCaseEntity>;

import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** Which promise was not kept. */
export const RESTORE_BREACH_KINDS = ['SAME_DAY', 'WITHIN_SLA'] as const;
export type RestoreBreachKind = (typeof RESTORE_BREACH_KINDS)[number];

/** A promise to restore that was not kept (超时复电): recorded once, explained, and accepted by the customer or not. */
export const RestoreBreachEntity = defineEntity({
  name: 'RestoreBreach',
  tableName: 'restore_breach',
  properties: {
    id: p.uuid().primary(),
    /** The payment that started the clock; null where a guarantee, a dispute or the like did. */
    paymentId: p.uuid().nullable(),
    /** The restore that was latest, or is still unproven. */
    commandId: p.uuid(),
    accountId: p.uuid(),
    servicePointId: p.uuid(),
    kind: p.string().$type<RestoreBreachKind>(),
    startedAt: p.datetime(),
    dueAt: p.datetime(),
    detectedAt: p.datetime(),
    owner: p.string(),
    explanation: p.string().nullable(),
    explainedBy: p.string().nullable(),
    explainedAt: p.datetime().nullable(),
    acceptedByCustomer: p.boolean().nullable(),
    /** What proves the customer's word: number of the call record, the signed slip. */
    acceptanceProof: p.string().nullable(),
    acceptanceRecordedBy: p.string().nullable(),
    acceptanceAt: p.datetime().nullable(),
  },
});
export type RestoreBreach = InferEntity<typeof RestoreBreachEntity>;

/** Where a breach stands; follows from its facts. */
export const RESTORE_BREACH_STATES = ['RECORDED', 'EXPLAINED', 'ACCEPTED', 'NOT_ACCEPTED'] as const;
export type RestoreBreachState = (typeof RESTORE_BREACH_STATES)[number];

/** Nobody has explained it; explained; the customer accepts the explanation, or does not. */
export function breachState({
  explanation,
  acceptedByCustomer,
}: Pick<RestoreBreach, 'explanation' | 'acceptedByCustomer'>): RestoreBreachState {
  if (typeof acceptedByCustomer === 'boolean') return acceptedByCustomer ? 'ACCEPTED' : 'NOT_ACCEPTED';
  return explanation === null ? 'RECORDED' : 'EXPLAINED';
}

import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

export const PROTECTION_ORDER_STATES = ['QUEUED', 'SENT', 'VERIFIED', 'FAILED', 'WITHDRAWN'] as const;
export type ProtectionOrderState = (typeof PROTECTION_ORDER_STATES)[number];
export type ProtectionOperation = 'PROTECT' | 'UNPROTECT';

/** An order to a meter to refuse every cut (保电), or to end that. */
export const ProtectionOrderEntity = defineEntity({
  name: 'ProtectionOrder',
  tableName: 'protection_order',
  properties: {
    id: p.uuid().primary(),
    accountId: p.uuid(),
    servicePointId: p.uuid(),
    meterId: p.uuid(),
    installationId: p.uuid(),
    operation: p.string().$type<ProtectionOperation>(),
    state: p.string().$type<ProtectionOrderState>(),
    orderedAt: p.datetime(),
    reason: p.string(),
    sequence: p.bigint().nullable(),
    notAfter: p.datetime().nullable(),
    sentAt: p.datetime().nullable(),
    attempts: p.integer(),
    nextAttemptWallAt: p.datetime(),
    /** The meter's last refusal. */
    refusal: p.string().nullable(),
    endedAt: p.datetime().nullable(),
  },
});
export type ProtectionOrder = InferEntity<typeof ProtectionOrderEntity>;

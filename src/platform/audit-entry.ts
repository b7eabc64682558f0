import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** One state change as it is kept: never changed, never deleted. */
export const AuditEntryEntity = defineEntity({
  name: 'AuditEntry',
  tableName: 'audit_entry',
  properties: {
    id: p.bigint().primary().autoincrement(),
    /** PostgreSQL transaction id, the first half of a feed cursor. */
    transactionId: p.string().columnType('xid8'),
    at: p.datetime(),
    recordedWallAt: p.datetime(),
    actorKind: p.string().$type<'PERSON' | 'SYSTEM' | 'METER'>(),
    actor: p.string(),
    act: p.string(),
    subjectType: p.string(),
    subjectId: p.uuid(),
    accountId: p.uuid().nullable(),
    servicePointId: p.uuid().nullable(),
    fromState: p.string().nullable(),
    toState: p.string().nullable(),
    reason: p.string().nullable(),
    detail: p.json<Record<string, unknown>>(),
  },
});
export type AuditEntryRow = InferEntity<typeof AuditEntryEntity>;

import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

export const OUTAGE_KINDS = ['FAULT', 'PLANNED'] as const;
export type OutageKind = (typeof OUTAGE_KINDS)[number];
export const OUTAGE_SCOPES = ['DISTRICT', 'SERVICE_POINT'] as const;
export type OutageScope = (typeof OUTAGE_SCOPES)[number];

/** Power is away although nothing was cut (停电事件): a fault as the meters' words tell it, or an announced outage. */
export const OutageEntity = defineEntity({
  name: 'Outage',
  tableName: 'outage',
  properties: {
    id: p.uuid().primary(),
    outageNumber: p.bigint().autoincrement(),
    kind: p.string().$type<OutageKind>(),
    scope: p.string().$type<OutageScope>(),
    districtId: p.uuid(),
    /** For SERVICE_POINT. */
    servicePointId: p.uuid().nullable(),
    startedAt: p.datetime(),
    /** For PLANNED: the announced end. */
    expectedEndAt: p.datetime().nullable(),
    endedAt: p.datetime().nullable(),
    evidence: p.json<Record<string, unknown>>(),
    reason: p.string(),
    recordedAt: p.datetime(),
    recordedBy: p.string(),
    endedBy: p.string().nullable(),
  },
});
export type Outage = InferEntity<typeof OutageEntity>;

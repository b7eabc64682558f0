import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** A register value at an instant. Kept whatever it says; `usable` decides whether bills and usage may be built on it. */
export const ReadingEntity = defineEntity({
  name: 'Reading',
  tableName: 'reading',
  properties: {
    meterId: p.uuid().primary(),
    readAt: p.datetime().primary(),
    quality: p.string().$type<'ACTUAL' | 'ESTIMATED'>().primary(),
    installationId: p.uuid(),
    energyWh: p.bigint(),
    cause: p.string().$type<'FREEZE' | 'PERIODIC' | 'REQUESTED' | 'MANUAL'>(),
    /** What is odd about it: BACKWARDS, FAR_FUTURE, IMPLAUSIBLE, ROLLOVER. */
    flags: p.array(),
    usable: p.boolean(),
    receivedAt: p.datetime(),
  },
});
export type Reading = InferEntity<typeof ReadingEntity>;

/** Energy of one local day at one installation. */
export const DailyUsageEntity = defineEntity({
  name: 'DailyUsage',
  tableName: 'daily_usage',
  properties: {
    installationId: p.uuid().primary(),
    usageDate: p.date().primary(),
    energyWh: p.bigint(),
    quality: p.string().$type<'ACTUAL' | 'ESTIMATED'>(),
  },
});
export type DailyUsage = InferEntity<typeof DailyUsageEntity>;

/** Something a meter said happened to it. */
export const MeterEventEntity = defineEntity({
  name: 'MeterEvent',
  tableName: 'meter_event',
  properties: {
    id: p.bigint().primary().autoincrement(),
    meterId: p.uuid(),
    event: p.string(),
    eventAt: p.datetime(),
    detail: p.string().nullable(),
    receivedAt: p.datetime(),
  },
});
export type MeterEvent = InferEntity<typeof MeterEventEntity>;

import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** Periods of a day with a price of their own: sharp peak (尖), peak (峰), flat (平), valley (谷). */
export const TOU_PERIODS = ['SHARP', 'PEAK', 'FLAT', 'VALLEY'] as const;
export type TouPeriod = (typeof TOU_PERIODS)[number];

/** A register value at an instant. Kept whatever it says; `usable` decides whether bills and usage may be built on it. */
export const ReadingEntity = defineEntity({
  name: 'Reading',
  tableName: 'reading',
  properties: {
    meterId: p.uuid().primary(),
    readAt: p.datetime().primary(),
    quality: p.string().$type<'ACTUAL' | 'ESTIMATED'>().primary(),
    /** 0 as it came; a correction of the same instant has the next number. The highest usable one counts. */
    revision: p.smallint().primary(),
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
    /** Order of arrival; the key is what was said. */
    id: p.bigint(),
    meterId: p.uuid().primary(),
    event: p.string().primary(),
    eventAt: p.datetime().primary(),
    detail: p.string().nullable(),
    receivedAt: p.datetime(),
  },
});
export type MeterEvent = InferEntity<typeof MeterEventEntity>;

/** Operating faults of reading (抄表差错) and what was done about them. */
export const READING_FAULT_KINDS = ['ESTIMATED', 'MISSED', 'WRONG', 'CORRECTED'] as const;
export type ReadingFaultKind = (typeof READING_FAULT_KINDS)[number];

/** How an estimated register came about: on a line between two readings, carried on after the last, or entered as an estimate. */
export type EstimateMethod = 'INTERPOLATED' | 'EXTRAPOLATED' | 'ENTERED';

/** One fault of reading, as a fact: estimated (估抄), missed (漏抄), wrong (错抄), corrected. Never changed. */
export const ReadingFaultEntity = defineEntity({
  name: 'ReadingFault',
  tableName: 'reading_fault',
  properties: {
    id: p.bigint().primary().autoincrement(),
    kind: p.string().$type<ReadingFaultKind>(),
    servicePointId: p.uuid(),
    installationId: p.uuid(),
    /** The instant it is about: of the reading, or of the settlement boundary. */
    readAt: p.datetime(),
    /** The value used, estimated or corrected; for WRONG the one that is not believed; none for MISSED. */
    energyWh: p.bigint().nullable(),
    /** CORRECTED: what stood before. */
    earlierWh: p.bigint().nullable(),
    method: p.string().$type<EstimateMethod>().nullable(),
    reason: p.string().nullable(),
    evidence: p.string().nullable(),
    recordedAt: p.datetime(),
    recordedBy: p.string(),
  },
});
export type ReadingFault = InferEntity<typeof ReadingFaultEntity>;

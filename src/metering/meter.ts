import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

export type Relay = 'OPEN' | 'CLOSED';

/** A concentrator (集中器), or a 4G meter that is its own gateway. */
export const GatewayEntity = defineEntity({
  name: 'Gateway',
  tableName: 'gateway',
  properties: {
    id: p.uuid().primary(),
    gatewayNumber: p.string(),
    kind: p.string().$type<'CONCENTRATOR' | 'METER'>(),
    districtId: p.uuid(),
    passwordSha256: p.blob(),
    /** Presence: a fact about the connection, never about the supply. Null: never heard. */
    online: p.boolean().nullable(),
    onlineSince: p.datetime().nullable(),
    /** LAST_GASP: its own supply is gone, and it had time to say so. */
    offlineCause: p.string().$type<'LAST_GASP'>().nullable(),
    /** Raw Ed25519 key of a gateway that speaks for DL/T 645 meters. */
    publicKey: p.blob().nullable(),
  },
});
export type Gateway = InferEntity<typeof GatewayEntity>;

/** An AMI meter with a relay. `reported*` is the meter's own latest word; `sequence` is the last one we took for it. */
export const MeterEntity = defineEntity({
  name: 'Meter',
  tableName: 'meter',
  properties: {
    id: p.uuid().primary(),
    serial: p.string(),
    gatewayId: p.uuid(),
    codec: p.string().$type<'JSON' | 'DLT645'>(),
    reconnectMode: p.string().$type<'DIRECT' | 'ARM'>(),
    publicKey: p.blob(),
    /** DL/T 645: PA 02H with a password, or PA 98H with ciphertext. */
    securityClass: p.string().$type<'PASSWORD' | 'CIPHER'>(),
    /** Since when the meter refuses our password. Nothing is sent to it by itself until somebody has put that right. */
    credentialsRefusedAt: p.datetime().nullable(),
    sequence: p.bigint(),
    reportedRelay: p.string().$type<Relay>().nullable(),
    reportedArmed: p.boolean(),
    reportedProtected: p.boolean(),
    reportedSequence: p.bigint(),
    /** The meter's clock when it said so. */
    reportedMeterAt: p.datetime().nullable(),
    /** When the reported relay or armed state last changed. */
    reportedSince: p.datetime().nullable(),
    /** When we last heard a state. */
    reportedAt: p.datetime().nullable(),
    supplyVoltageMv: p.integer().nullable(),
    loadVoltageMv: p.integer().nullable(),
    powerW: p.integer().nullable(),
    /** Meter clock minus product clock at the last report, ms. */
    clockOffsetMs: p.bigint(),
    /** The latest last gasp and the latest return of power that the meter told of, by its own clock. */
    lastGaspAt: p.datetime().nullable(),
    powerOnAt: p.datetime().nullable(),
    /** Since when it does not answer on the serial line of its concentrator. */
    silentSince: p.datetime().nullable(),
  },
});
export type Meter = InferEntity<typeof MeterEntity>;

/** A meter at a service point from one instant to another; history is kept, and commands are bound to it. */
export const MeterInstallationEntity = defineEntity({
  name: 'MeterInstallation',
  tableName: 'meter_installation',
  properties: {
    id: p.uuid().primary(),
    meterId: p.uuid(),
    servicePointId: p.uuid(),
    installedAt: p.datetime(),
    removedAt: p.datetime().nullable(),
    installedWh: p.bigint(),
    removedWh: p.bigint().nullable(),
    /** The newest stored reading, where the next can be judged by it alone (metering/next-readings.ts). */
    lastReadAt: p.datetime().nullable(),
    lastWh: p.bigint().nullable(),
    lastDayExact: p.boolean().nullable(),
  },
});
export type MeterInstallation = InferEntity<typeof MeterInstallationEntity>;

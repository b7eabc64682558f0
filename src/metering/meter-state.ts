import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { Relay } from './meter.js';

/** What a meter said of its relay, voltages and load, once: the history behind `meter.reported*`. */
export const MeterStateEntity = defineEntity({
  name: 'MeterState',
  tableName: 'meter_state',
  properties: {
    meterId: p.uuid().primary(),
    /** The meter's own clock. */
    meterAt: p.datetime().primary(),
    /** In answer to an order, or as a state by itself. */
    kind: p.string().$type<'ACK' | 'STATE'>().primary(),
    lastSequence: p.bigint().primary(),
    relay: p.string().$type<Relay>().primary(),
    armed: p.boolean().primary(),
    protected: p.boolean(),
    supplyVoltageMv: p.integer().nullable(),
    loadVoltageMv: p.integer().nullable(),
    powerW: p.integer().nullable(),
    receivedAt: p.datetime(),
  },
});
export type MeterState = InferEntity<typeof MeterStateEntity>;

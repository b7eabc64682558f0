import { statement, type Tx } from '../platform/database.js';
import type { Relay } from './meter.js';

/** A word of a meter to be kept in its history. One that tells no relay (the order was taken, no more) is not a state. */
export interface MeterStateReport {
  readonly meterId: string;
  readonly kind: 'ACK' | 'STATE';
  readonly relay?: Relay;
  /** Known wherever the relay is. */
  readonly armed?: boolean;
  readonly protected?: boolean;
  readonly lastSequence: bigint;
  /** The meter's own clock, or its concentrator's. */
  readonly meterAt: Date;
  readonly supplyVoltageMv?: number;
  readonly loadVoltageMv?: number;
  readonly powerW?: number;
}

const STORE = statement(
  'meter-states-store',
  `INSERT INTO meter_state (meter_id, meter_at, kind, last_sequence, relay, armed, protected, supply_voltage_mv, load_voltage_mv, power_w, received_at)
   SELECT "meterId", "meterAt", kind, "lastSequence", relay, armed, protected, "supplyVoltageMv", "loadVoltageMv", "powerW", $2
   FROM jsonb_to_recordset($1::jsonb) AS s ("meterId" uuid, "meterAt" timestamptz, kind text, "lastSequence" bigint, relay text, armed boolean,
        protected boolean, "supplyVoltageMv" integer, "loadVoltageMv" integer, "powerW" integer)
   ON CONFLICT DO NOTHING`,
);

/** Keeps what meters said of themselves, whatever it says and however late it comes; hearing it twice changes nothing. */
export async function storeMeterStates(tx: Tx, reports: readonly MeterStateReport[], at: Date): Promise<void> {
  const told = reports.filter(
    ({ relay, armed, protected: kept }) => relay !== undefined && armed !== undefined && kept !== undefined,
  );
  if (told.length === 0) return;
  const json = JSON.stringify(told, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  await tx.rows(STORE, [json, at]);
}

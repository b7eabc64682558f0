import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import type { EstimateMethod, ReadingFaultKind } from './reading.js';

/** A fault of reading to be kept. */
export interface FaultToRecord {
  readonly kind: ReadingFaultKind;
  readonly installationId: string;
  readonly readAt: Date;
  readonly energyWh?: bigint;
  readonly earlierWh?: bigint;
  readonly method?: EstimateMethod;
  readonly reason?: string;
  readonly evidence?: string;
}

// The same fault found again (a run repeated, a reading heard twice) is one fact; every correction is its own.
const RECORD = statement(
  'reading-fault-record',
  `INSERT INTO reading_fault (kind, service_point_id, installation_id, read_at, energy_wh, earlier_wh, method, reason, evidence, recorded_at, recorded_by)
   SELECT f.kind, i.service_point_id, i.id, f."readAt", f."energyWh", f."earlierWh", f.method, f.reason, f.evidence, $2, $3
   FROM jsonb_to_recordset($1::jsonb) AS f (kind text, "installationId" uuid, "readAt" timestamptz, "energyWh" bigint, "earlierWh" bigint,
        method text, reason text, evidence text)
   JOIN meter_installation i ON i.id = f."installationId"
   ON CONFLICT DO NOTHING`,
);

/** Keeps faults of reading as facts, in one statement. */
export async function recordReadingFaults(
  tx: Tx,
  faults: readonly FaultToRecord[],
  at: Date,
  actor: Actor,
): Promise<void> {
  if (faults.length === 0) return;
  const json = JSON.stringify(faults, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  await tx.rows(RECORD, [json, at, actor.id]);
}

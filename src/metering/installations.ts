import { statement, type Tx } from '../platform/database.js';

/** A meter that comes from the store, behind a gateway that is on record. */
export interface NewMeter {
  readonly id: string;
  readonly serial: string;
  readonly gatewayId: string;
  /** Absent: JSON. */
  readonly codec?: 'JSON' | 'DLT645';
  /** Of a DL/T 645 meter; absent: by password. */
  readonly securityClass?: 'PASSWORD' | 'CIPHER';
  readonly reconnectMode: 'DIRECT' | 'ARM';
  /** Raw Ed25519 public key, 32 bytes, hex. */
  readonly publicKeyHex: string;
}

const INSERT_METERS = statement(
  'meter-insert',
  `INSERT INTO meter (id, serial, gateway_id, codec, security_class, reconnect_mode, public_key)
   SELECT id, serial, "gatewayId", coalesce(codec, 'JSON'), coalesce("securityClass", 'PASSWORD'), "reconnectMode", decode("publicKeyHex", 'hex')
   FROM jsonb_to_recordset($1::jsonb) AS m (id uuid, serial text, "gatewayId" uuid, codec text, "securityClass" text, "reconnectMode" text,
     "publicKeyHex" text)`,
);

/** Puts meters on record, not yet installed. */
export async function insertMeters(tx: Tx, meters: readonly NewMeter[]): Promise<void> {
  if (meters.length > 0) await tx.rows(INSERT_METERS, [JSON.stringify(meters)]);
}

/** A meter put in place at a service point, with its register then. */
export interface NewInstallation {
  readonly id: string;
  readonly meterId: string;
  readonly servicePointId: string;
  readonly installedAt: Date;
  readonly installedWh: bigint;
}

const INSERT_INSTALLATIONS = statement(
  'installation-insert',
  `WITH placed AS (
     INSERT INTO meter_installation (id, meter_id, service_point_id, installed_at, installed_wh)
     SELECT id, "meterId", "servicePointId", "installedAt", "installedWh"
     FROM jsonb_to_recordset($1::jsonb) AS i (id uuid, "meterId" uuid, "servicePointId" uuid, "installedAt" timestamptz, "installedWh" bigint)
     RETURNING id, service_point_id, meter_id)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, service_point_id, to_state, detail)
   SELECT $2, $3, $4, 'meter.installed', 'MeterInstallation', id, service_point_id, 'INSTALLED', jsonb_build_object('meterId', meter_id) FROM placed`,
);

/** Records installations; a meter or a service point that is taken is refused by the database. */
export async function insertInstallations(
  tx: Tx,
  installations: readonly NewInstallation[],
  at: Date,
  actor: { readonly kind: string; readonly id: string },
): Promise<void> {
  if (installations.length === 0) return;
  const json = JSON.stringify(installations, (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  await tx.rows(INSERT_INSTALLATIONS, [json, at, actor.kind, actor.id]);
}

const REMOVE = statement(
  'installation-remove',
  `WITH removed AS (
     UPDATE meter_installation SET removed_at = $2, removed_wh = $3 WHERE id = $1 AND removed_at IS NULL RETURNING id, service_point_id)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, service_point_id, from_state, to_state, reason)
   SELECT $2, $4, $5, 'meter.removed', 'MeterInstallation', id, service_point_id, 'INSTALLED', 'REMOVED', $6 FROM removed RETURNING subject_id`,
);

/** Ends an installation with the register read at the removal. Returns whether it was in place. */
export async function removeInstallation(
  tx: Tx,
  removal: { readonly id: string; readonly removedWh: bigint; readonly reason: string },
  at: Date,
  actor: { readonly kind: string; readonly id: string },
): Promise<boolean> {
  return (await tx.rows(REMOVE, [removal.id, at, removal.removedWh, actor.kind, actor.id, removal.reason])).length > 0;
}

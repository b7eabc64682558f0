import { statement, type Tx } from '../platform/database.js';

/** A gateway that is put on record, before it has ever connected. */
export interface NewGateway {
  readonly id: string;
  /** 12 decimal digits; also its MQTT user name. */
  readonly gatewayNumber: string;
  readonly kind: 'CONCENTRATOR' | 'METER';
  readonly districtId: string;
  /** SHA-256 of its MQTT password, 32 bytes. */
  readonly passwordSha256: Buffer;
  /** Raw Ed25519 public key, 32 bytes; null for a gateway that only passes on what its meters have signed. */
  readonly publicKey: Buffer | null;
}

const INSERT_GATEWAY = statement(
  'gateway-insert',
  `INSERT INTO gateway (id, gateway_number, kind, district_id, password_sha256, public_key) VALUES ($1, $2, $3, $4, $5, $6)
   ON CONFLICT (gateway_number) DO NOTHING RETURNING id`,
);

/** Puts a gateway on record. Returns false when its number is taken. */
export async function insertGateway(tx: Tx, gateway: NewGateway): Promise<boolean> {
  const { id, gatewayNumber, kind, districtId, passwordSha256, publicKey } = gateway;
  return (await tx.rows(INSERT_GATEWAY, [id, gatewayNumber, kind, districtId, passwordSha256, publicKey])).length === 1;
}

const SET_PASSWORD = statement(
  'gateway-set-password',
  `UPDATE gateway SET password_sha256 = $2 WHERE id = $1 RETURNING id`,
);

/** Replaces the password of a gateway. Returns false when there is no such gateway. */
export const setGatewayPassword = async (tx: Tx, id: string, passwordSha256: Buffer): Promise<boolean> =>
  (await tx.rows(SET_PASSWORD, [id, passwordSha256])).length === 1;

/** What decides whether one more meter may be put behind a gateway. */
export interface GatewayLoad {
  readonly gatewayNumber: string;
  readonly kind: 'CONCENTRATOR' | 'METER';
  readonly meterCount: number;
  /** Whether it has a key, and so may speak for DL/T 645 meters. */
  readonly signs: boolean;
}

const LOCK = statement('gateway-lock', `SELECT FROM gateway WHERE id = $1 FOR NO KEY UPDATE`);
const LOAD = statement(
  'gateway-load',
  `SELECT g.gateway_number AS "gatewayNumber", g.kind, g.public_key IS NOT NULL AS signs, (SELECT count(*)::int FROM meter m WHERE m.gateway_id = g.id) AS "meterCount"
   FROM gateway g WHERE g.id = $1`,
);

/** Locks a gateway and says what is behind it, so that two registrations at once cannot both take its last place. */
export async function lockGatewayLoad(tx: Tx, id: string): Promise<GatewayLoad | undefined> {
  await tx.rows(LOCK, [id]);
  return (await tx.rows<GatewayLoad>(LOAD, [id]))[0];
}

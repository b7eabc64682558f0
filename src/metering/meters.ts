import { statement, type Tx } from '../platform/database.js';

/** A meter whose clock is further off than this, either way, is put right: ten minutes, as the contract has it of cuts from the future, ms. */
export const CLOCK_TOLERANCE_MS = 600_000;

/** What the head-end must know of a meter to believe a message about it. */
export interface MeterDirectoryEntry {
  readonly meterId: string;
  readonly serial: string;
  readonly gatewayNumber: string;
  readonly codec: 'JSON' | 'DLT645';
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Buffer;
}

/** What the head-end must know of a gateway to believe what it signs for its DL/T 645 meters. */
export interface GatewayDirectoryEntry {
  readonly gatewayId: string;
  readonly gatewayNumber: string;
  /** Raw Ed25519 public key, 32 bytes; null: it signs nothing. */
  readonly publicKey: Buffer | null;
}

const GATEWAY_DIRECTORY = statement(
  'gateway-directory',
  `SELECT id AS "gatewayId", gateway_number AS "gatewayNumber", public_key AS "publicKey" FROM gateway WHERE gateway_number = ANY($1::text[])`,
);

/** Directory entries of the gateways that are known. */
export const gatewayDirectory = (
  reader: Pick<Tx, 'rows'>,
  gatewayNumbers: readonly string[],
): Promise<GatewayDirectoryEntry[]> => reader.rows<GatewayDirectoryEntry>(GATEWAY_DIRECTORY, [gatewayNumbers]);

const DIRECTORY = statement(
  'meter-directory',
  `SELECT m.id AS "meterId", m.serial, g.gateway_number AS "gatewayNumber", m.codec, m.public_key AS "publicKey"
   FROM meter m JOIN gateway g ON g.id = m.gateway_id WHERE m.serial = ANY($1::text[])`,
);

/** Directory entries of the serials that are known. */
export const meterDirectory = (reader: Pick<Tx, 'rows'>, serials: readonly string[]): Promise<MeterDirectoryEntry[]> =>
  reader.rows<MeterDirectoryEntry>(DIRECTORY, [serials]);

/** A meter's own latest word, to be stored. Instants: `meterAt` the meter's clock, `at` product time. */
export interface MeterWord {
  readonly meterId: string;
  readonly relay: 'OPEN' | 'CLOSED';
  readonly armed: boolean;
  readonly protected: boolean;
  readonly lastSequence: bigint;
  readonly meterAt: Date;
  /** Present: `meterAt` is the clock of the meter's concentrator, and says nothing of the meter's own. */
  readonly readBy?: 'CONCENTRATOR';
  readonly answersRead: boolean;
  readonly supplyVoltageMv?: number;
  readonly loadVoltageMv?: number;
  readonly powerW?: number;
}

// Messages may overtake each other: an older word (smaller sequence, or same sequence and earlier by the meter's own clock) does
// not replace a newer one, unless it answers a question of ours (the meter's clock may have been set back).
const STORE_WORDS = statement(
  'meter-store-words',
  `WITH word AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS w ("meterId" uuid, relay text, armed boolean, protected boolean, "lastSequence" bigint,
       "meterAt" timestamptz, "readBy" text, "answersRead" boolean, "supplyVoltageMv" integer, "loadVoltageMv" integer, "powerW" integer)),
   target AS (
     SELECT m.id, m.reported_protected AS was_protected, m.reported_relay IS NULL AS was_unknown, m.reported_relay AS was_relay,
       m.reported_armed AS was_armed, w.*
     FROM word w JOIN meter m ON m.id = w."meterId"
     ORDER BY m.id FOR NO KEY UPDATE OF m),
   stored AS (
     UPDATE meter m SET
       reported_since = CASE WHEN m.reported_relay IS DISTINCT FROM t.relay OR m.reported_armed IS DISTINCT FROM t.armed THEN $2 ELSE m.reported_since END,
       reported_relay = t.relay, reported_armed = t.armed, reported_protected = t.protected, reported_sequence = t."lastSequence",
       sequence = greatest(m.sequence, t."lastSequence"),
       reported_meter_at = t."meterAt", reported_at = $2,
       supply_voltage_mv = t."supplyVoltageMv", load_voltage_mv = t."loadVoltageMv", power_w = t."powerW",
       clock_offset_ms = CASE WHEN t."readBy" = 'CONCENTRATOR' THEN m.clock_offset_ms
                              ELSE (extract(epoch FROM t."meterAt" - $2) * 1000)::bigint END
     FROM target t WHERE m.id = t.id
       AND (m.reported_meter_at IS NULL OR t."answersRead" OR t."lastSequence" > m.reported_sequence
            OR (t."lastSequence" = m.reported_sequence AND t."meterAt" >= m.reported_meter_at))
     RETURNING m.id, m.reported_relay, m.reported_armed, t.was_protected IS DISTINCT FROM m.reported_protected OR t.was_unknown AS changed),
   -- Also where the word was an older one: it may have ended a command, and then what is on record counts.
   now AS (
     SELECT t.id, coalesce(s.reported_relay, t.was_relay) = 'OPEN' AND NOT coalesce(s.reported_armed, t.was_armed) AS dark, coalesce(s.changed, false) AS changed
     FROM target t LEFT JOIN stored s ON s.id = t.id)
   SELECT id AS "meterId", dark, changed AS "protectionChanged" FROM now WHERE changed OR dark`,
);

/** What stored words ask attention for. */
export interface StoredWord {
  readonly meterId: string;
  /** Its relay is on record as open and not armed, by this word or by a newer one. */
  readonly dark: boolean;
  /** It says something else of its protection than before, or speaks for the first time. */
  readonly protectionChanged: boolean;
}

/**
 * Stores the newest word of each meter (one per meter) and returns those that ask for attention. The stored sequence never falls behind the
 * meter's: after a restore from backup the next command still gets through.
 */
export async function storeMeterWords(tx: Tx, words: readonly MeterWord[], at: Date): Promise<StoredWord[]> {
  if (words.length === 0) return [];
  const json = JSON.stringify(words, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return tx.rows<StoredWord>(STORE_WORDS, [json, at]);
}

const STORE_EVENTS = statement(
  'meter-event-store',
  `INSERT INTO meter_event (meter_id, event, event_at, detail, received_at)
   SELECT "meterId", event, "eventAt", detail, $2
   FROM jsonb_to_recordset($1::jsonb) AS e ("meterId" uuid, event text, "eventAt" timestamptz, detail text) ON CONFLICT DO NOTHING`,
);

export interface MeterEventReport {
  readonly meterId: string;
  readonly event: string;
  readonly eventAt: Date;
  readonly detail?: string;
}

/** Keeps meter events; hearing one twice changes nothing. */
export async function storeMeterEvents(tx: Tx, events: readonly MeterEventReport[], at: Date): Promise<void> {
  if (events.length > 0) await tx.rows(STORE_EVENTS, [JSON.stringify(events), at]);
}

// An older event than the one on record, told late, changes nothing.
const STORE_POWER_EVENTS = statement(
  'meter-power-events',
  `WITH latest AS (
     SELECT "meterId", max("eventAt") FILTER (WHERE event = 'LAST_GASP') AS gasp, max("eventAt") FILTER (WHERE event = 'POWER_ON') AS power,
            max("eventAt") FILTER (WHERE event = 'SILENT') AS silent, max("eventAt") FILTER (WHERE event = 'ANSWERS_AGAIN') AS answers
     FROM jsonb_to_recordset($1::jsonb) AS e ("meterId" uuid, event text, "eventAt" timestamptz) GROUP BY 1),
   target AS (SELECT m.id, l.* FROM latest l JOIN meter m ON m.id = l."meterId" ORDER BY m.id FOR NO KEY UPDATE OF m)
   UPDATE meter m SET last_gasp_at = greatest(m.last_gasp_at, t.gasp), power_on_at = greatest(m.power_on_at, t.power),
     silent_since = CASE WHEN t.silent > coalesce(t.answers, '-infinity') THEN coalesce(m.silent_since, t.silent)
                         WHEN t.answers IS NOT NULL THEN NULL ELSE m.silent_since END
   FROM target t WHERE m.id = t.id`,
);

/** Keeps what events say of a meter's supply and of whether it answers: the latest of each kind. */
export async function storePowerEvents(tx: Tx, events: readonly MeterEventReport[]): Promise<void> {
  if (events.length > 0) await tx.rows(STORE_POWER_EVENTS, [JSON.stringify(events)]);
}

const STORE_PRESENCE = statement(
  'gateway-presence',
  `UPDATE gateway g SET online = p.online, offline_cause = CASE WHEN p.online THEN NULL ELSE p.cause END,
     online_since = CASE WHEN g.online IS DISTINCT FROM p.online THEN $2 ELSE g.online_since END
   FROM jsonb_to_recordset($1::jsonb) AS p ("gatewayNumber" text, online boolean, cause text)
   WHERE g.gateway_number = p."gatewayNumber"
     -- The last will follows a last gasp and knows no cause: what was said stands.
     AND (g.online IS DISTINCT FROM p.online OR (g.offline_cause IS NULL AND p.cause IS NOT NULL))
   RETURNING g.id, g.gateway_number AS "gatewayNumber", g.online`,
);

export interface GatewayPresence {
  readonly gatewayNumber: string;
  readonly online: boolean;
  /** Offline: its own supply is gone, and it said so. */
  readonly cause?: 'LAST_GASP';
}

/** Stores presence (one per gateway) and returns the gateways whose presence changed. */
export const storePresence = (
  tx: Tx,
  presences: readonly GatewayPresence[],
  at: Date,
): Promise<{ id: string; gatewayNumber: string; online: boolean }[]> =>
  presences.length === 0 ? Promise.resolve([]) : tx.rows(STORE_PRESENCE, [JSON.stringify(presences), at]);

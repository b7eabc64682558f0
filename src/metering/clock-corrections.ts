import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';

/** A clock that was found wrong. `offsetMs`: the meter's minus ours; null: only its refusal of an order says so. */
export interface WrongClock {
  readonly meterId: string;
  readonly foundBy: string;
  readonly offsetMs: number | null;
}

// A clock that nobody could set today is not tried again with every message of its meter: somebody is on the way.
const OPEN = statement(
  'clock-correction-open',
  `WITH wrong AS (
     SELECT DISTINCT ON ("meterId") * FROM jsonb_to_recordset($1::jsonb) AS w (id uuid, "meterId" uuid, "foundBy" text, "offsetMs" bigint)
     ORDER BY "meterId"),
   opened AS (
     INSERT INTO meter_clock_correction (id, meter_id, state, found_by, found_offset_ms, opened_at)
     SELECT id, "meterId", 'OPEN', "foundBy", "offsetMs", $2 FROM wrong w
     WHERE NOT EXISTS (SELECT FROM meter_clock_correction g WHERE g.meter_id = w."meterId" AND g.state = 'GIVEN_UP'
                         AND g.ended_at > $2::timestamptz - interval '24 hours')
     ON CONFLICT (meter_id) WHERE ended_at IS NULL DO NOTHING
     RETURNING id, meter_id, found_by, found_offset_ms)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, to_state, reason, detail)
   SELECT $2, $3, $4, 'meter-clock.found-wrong', 'MeterClockCorrection', id, 'OPEN', found_by,
          jsonb_build_object('meterId', meter_id, 'offsetMs', found_offset_ms) FROM opened RETURNING subject_id AS id`,
);

/** Puts wrong clocks on record to be set; one that is being set already stays as it is. Returns how many are new. */
export async function openClockCorrections(
  tx: Tx,
  wrong: readonly (WrongClock & { readonly id: string })[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<number> {
  if (wrong.length === 0) return 0;
  return (await tx.rows(OPEN, [JSON.stringify(wrong), by.at, by.actor.kind, by.actor.id])).length;
}

/** A clock as its concentrator has read it at `readAt`. */
export interface ClockReading {
  readonly meterId: string;
  readonly offsetMs: number;
  readonly readAt: Date;
}

const STORE = statement(
  'clock-reading-store',
  `WITH reading AS (
     SELECT DISTINCT ON ("meterId") * FROM jsonb_to_recordset($1::jsonb) AS r ("meterId" uuid, "offsetMs" bigint, "readAt" timestamptz)
     ORDER BY "meterId", "readAt" DESC),
   target AS (SELECT m.id, r.* FROM reading r JOIN meter m ON m.id = r."meterId" ORDER BY m.id FOR NO KEY UPDATE OF m),
   stored AS (UPDATE meter m SET clock_offset_ms = t."offsetMs" FROM target t WHERE m.id = t.id AND m.clock_offset_ms <> t."offsetMs")
   UPDATE meter_clock_correction c SET last_offset_ms = t."offsetMs", read_at = t."readAt", attention_wall_at = clock_timestamp()
   FROM target t WHERE c.meter_id = t.id AND c.ended_at IS NULL AND (c.read_at IS NULL OR t."readAt" > c.read_at)
   RETURNING c.id`,
);

/** Keeps what was read of meters' clocks. Returns how many corrections have waited for it. */
export const storeClockReadings = async (tx: Tx, readings: readonly ClockReading[]): Promise<number> =>
  readings.length === 0 ? 0 : (await tx.rows(STORE, [JSON.stringify(readings)])).length;

/** A correction whose turn has come, locked. */
export interface DueClockCorrection {
  readonly id: string;
  readonly meterId: string;
  readonly serial: string;
  readonly codec: 'JSON' | 'DLT645';
  readonly securityClass: 'PASSWORD' | 'CIPHER';
  readonly credentialsRefused: boolean;
  readonly gatewayNumber: string;
  readonly servicePointId: string | null;
  readonly accountId: string | null;
  /** As it was read since the correction was opened, and since the last order to set it; null: not read since. */
  readonly offsetMs: number | null;
  readonly questions: number;
  readonly attempts: number;
}

// While the meter has an order under way nothing may raise its sequence: its answer could not be told from one of before.
const CLAIM = statement(
  'clock-correction-claim',
  `SELECT c.id, c.meter_id AS "meterId", m.serial, m.codec, m.security_class AS "securityClass",
          m.credentials_refused_at IS NOT NULL AS "credentialsRefused", g.gateway_number AS "gatewayNumber",
          i.service_point_id AS "servicePointId", p.account_id AS "accountId", c.questions, c.attempts,
          CASE WHEN coalesce(heard.at, '-infinity') > coalesce(c.sent_at, c.opened_at) THEN heard.offset_ms::float8 END AS "offsetMs"
   FROM meter_clock_correction c JOIN meter m ON m.id = c.meter_id JOIN gateway g ON g.id = m.gateway_id
   LEFT JOIN meter_installation i ON i.meter_id = m.id AND i.removed_at IS NULL
   LEFT JOIN service_point p ON p.id = i.service_point_id
   CROSS JOIN LATERAL (SELECT CASE m.codec WHEN 'JSON' THEN m.reported_at ELSE c.read_at END AS at,
                              CASE m.codec WHEN 'JSON' THEN m.clock_offset_ms ELSE c.last_offset_ms END AS offset_ms) heard
   WHERE c.ended_at IS NULL AND c.attention_wall_at <= clock_timestamp()
     AND NOT EXISTS (SELECT FROM switch_command s WHERE s.meter_id = m.id AND s.state IN ('SENT', 'ACCEPTED', 'ARMED', 'UNKNOWN'))
   ORDER BY c.attention_wall_at LIMIT $1 FOR UPDATE OF c SKIP LOCKED`,
);

/** Claims corrections whose wait is over and whose meter has no order under way. */
export const claimClockCorrections = (tx: Tx, limit: number): Promise<DueClockCorrection[]> => tx.rows(CLAIM, [limit]);

const ASKED = statement(
  'clock-correction-asked',
  `UPDATE meter_clock_correction SET questions = questions + 1, attention_wall_at = clock_timestamp() + make_interval(secs => $2::float8 / 1000)
   WHERE id = ANY($1::uuid[])`,
);

/** The clock is asked for; it is looked at again after `waitMs` at the latest. */
export async function askedForClocks(tx: Tx, ids: readonly string[], waitMs: number): Promise<void> {
  if (ids.length > 0) await tx.rows(ASKED, [ids, waitMs]);
}

const SENT = statement(
  'clock-correction-sent',
  `WITH wanted AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS w (id uuid, "meterId" uuid, "requestId" uuid)),
   numbered AS (
     UPDATE meter m SET sequence = m.sequence + 1 FROM wanted w WHERE m.id = w."meterId" RETURNING m.id, m.sequence),
   sent AS (
     UPDATE meter_clock_correction c SET attempts = c.attempts + 1, questions = c.questions + 1, request_id = w."requestId", sequence = n.sequence, sent_at = $2,
       attention_wall_at = clock_timestamp() + make_interval(secs => $3::float8 / 1000)
     FROM wanted w JOIN numbered n ON n.id = w."meterId" WHERE c.id = w.id
     RETURNING c.id, c.sequence, c.attempts, c.meter_id),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, from_state, to_state, detail)
     SELECT $2, $4, $5, 'meter-clock.set', 'MeterClockCorrection', id, 'OPEN', 'OPEN',
            jsonb_build_object('meterId', meter_id, 'sequence', sequence, 'attempt', attempts) FROM sent)
   SELECT id, sequence FROM sent`,
);

/** A time order goes out for each: takes the meter's next sequence under its row's lock. Returns correction id → sequence. */
export async function sendingClocks(
  tx: Tx,
  orders: readonly { readonly id: string; readonly meterId: string; readonly requestId: string }[],
  by: { readonly actor: Actor; readonly at: Date; readonly waitMs: number },
): Promise<Map<string, bigint>> {
  if (orders.length === 0) return new Map();
  const rows = await tx.rows<{ id: string; sequence: bigint }>(SENT, [
    JSON.stringify([...orders].sort((a, b) => (a.meterId < b.meterId ? -1 : 1))),
    by.at,
    by.waitMs,
    by.actor.kind,
    by.actor.id,
  ]);
  return new Map(rows.map(({ id, sequence }) => [id, sequence]));
}

const END = statement(
  'clock-correction-end',
  `WITH wanted AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS w (id uuid, state text, text text)),
   ended AS (
     UPDATE meter_clock_correction c SET state = w.state, ended_at = $2 FROM wanted w WHERE c.id = w.id AND c.ended_at IS NULL
     RETURNING c.id, c.meter_id, c.state, c.last_offset_ms, c.attempts, w.text),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, from_state, to_state, reason, detail)
     SELECT $2, $3, $4, 'meter-clock.ended', 'MeterClockCorrection', id, 'OPEN', state, text,
            jsonb_build_object('meterId', meter_id, 'offsetMs', last_offset_ms, 'attempts', attempts) FROM ended),
   -- The restore that waited for the clock goes on now.
   hastened AS (
     UPDATE switch_command s SET attention_wall_at = clock_timestamp() FROM ended e
     WHERE s.meter_id = e.meter_id AND s.state = 'QUEUED' AND s.operation = 'RESTORE')
   SELECT id FROM ended`,
);

/** Ends corrections: the clock was read and is right, or is given up. What waited for it goes on. */
export async function endClockCorrections(
  tx: Tx,
  ends: readonly { readonly id: string; readonly state: 'VERIFIED' | 'GIVEN_UP'; readonly text: string }[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  if (ends.length > 0) await tx.rows(END, [JSON.stringify(ends), by.at, by.actor.kind, by.actor.id]);
}

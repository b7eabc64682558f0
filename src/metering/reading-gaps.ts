import { statement, type Reader, type Tx } from '../platform/database.js';
import { LIMITS } from '../platform/limits.js';

/** How long after a gap was asked for its meter may be asked again, by how often it was asked, s of wall time. */
const BACK_OFF_S = [60, 600, 3_600, 6 * 3_600, 24 * 3_600] as const;
/** Asked so often in vain, and the last wait over: given up. */
const ATTEMPTS = BACK_OFF_S.length;
/** A meter of DL/T 645-2007 keeps 62 daily freezes; a message of the contract asks for no more. */
export const DAYS_KEPT_BY_METERS = 62;
/** A concentrator that was asked is left to answer for so long before it counts as free, s. */
const ANSWER_S = 60;

const LAST_SCANNED = statement('reading-gap-last-scanned', `SELECT max(midnight_at) AS at FROM reading_gap_scan`);

/** The last midnight that was looked through; undefined before the first. */
export const lastScannedMidnight = async (reader: Reader): Promise<Date | undefined> =>
  (await reader.rows<{ at: Date | null }>(LAST_SCANNED))[0]?.at ?? undefined;

// Nearly every meter has been read: its newest reading says so, and only the few others are looked for among the readings.
const FIND = statement(
  'reading-gap-find',
  `WITH page AS MATERIALIZED (
     SELECT id, meter_id, installed_at, last_read_at FROM meter_installation
     WHERE id > $1 AND removed_at IS NULL ORDER BY id LIMIT $2),
   found AS (
     INSERT INTO reading_gap (installation_id, midnight_at, meter_id, midnight, found_at)
     SELECT p.id, $3, p.meter_id, $4, $5 FROM page p
     WHERE p.installed_at < $3 AND p.last_read_at IS DISTINCT FROM $3
       AND NOT EXISTS (SELECT FROM reading r WHERE r.meter_id = p.meter_id AND r.read_at = $3 AND r.quality = 'ACTUAL')
     ON CONFLICT DO NOTHING RETURNING 1)
   SELECT (SELECT count(*) FROM page)::int AS looked, (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last, (SELECT count(*) FROM found)::int AS found`,
);

/** Which midnight is looked for, and after which installation, in order of ids. */
export interface GapPage {
  readonly midnightAt: Date;
  /** The local day that begins then. */
  readonly midnight: string;
  readonly after: string;
}

/** Looks through a page of installations for those without a register of a midnight, and keeps each as a gap, once. */
export async function findGaps(
  tx: Tx,
  of: GapPage,
  at: Date,
): Promise<{ readonly looked: number; readonly last: string | null; readonly found: number }> {
  const values = [of.after, LIMITS.readingGapPage.value, of.midnightAt, of.midnight, at];
  return (await tx.rows<{ looked: number; last: string | null; found: number }>(FIND, values))[0]!;
}

const SCANNED = statement(
  'reading-gap-scanned',
  `INSERT INTO reading_gap_scan (midnight_at, scanned_at, missing)
   SELECT $1, $2, count(*) FROM reading_gap WHERE midnight_at = $1 ON CONFLICT DO NOTHING`,
);

/** Notes that a midnight has been looked through. */
export const noteScanned = async (tx: Tx, midnightAt: Date, at: Date): Promise<void> =>
  void (await tx.rows(SCANNED, [midnightAt, at]));

const FILL = statement(
  'reading-gap-fill',
  `WITH filled AS (
     SELECT g.installation_id, g.midnight_at FROM reading_gap g
     WHERE g.state = 'OPEN' AND EXISTS (SELECT FROM reading r WHERE r.meter_id = g.meter_id AND r.read_at = g.midnight_at AND r.quality = 'ACTUAL')
     LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
   UPDATE reading_gap g SET state = 'FILLED', ended_at = $1 FROM filled f
   WHERE g.installation_id = f.installation_id AND g.midnight_at = f.midnight_at RETURNING 1`,
);

/** Ends gaps whose register has come, however it came. Returns how many; as many as the limit means there may be more. */
export const fillGaps = async (tx: Tx, at: Date, limit: number): Promise<number> =>
  (await tx.rows(FILL, [at, limit])).length;

const GIVE_UP = statement(
  'reading-gap-give-up',
  `WITH hopeless AS (
     SELECT g.installation_id, g.midnight_at FROM reading_gap g JOIN meter_installation i ON i.id = g.installation_id
     WHERE g.state = 'OPEN' AND (g.attempts >= ${ATTEMPTS} AND g.ask_wall_at <= clock_timestamp()
       OR g.midnight_at < $1::timestamptz - interval '${DAYS_KEPT_BY_METERS} days' OR i.removed_at IS NOT NULL)
     LIMIT $2 FOR NO KEY UPDATE OF g SKIP LOCKED)
   UPDATE reading_gap g SET state = 'GIVEN_UP', ended_at = $1 FROM hopeless h
   WHERE g.installation_id = h.installation_id AND g.midnight_at = h.midnight_at
   RETURNING g.installation_id AS "installationId", g.midnight_at AS "midnightAt", g.attempts`,
);

/** Ends gaps that nobody will fill any more: asked for in vain, older than meters keep, or their meter taken down. */
export const giveUpGaps = (
  tx: Tx,
  at: Date,
  limit: number,
): Promise<{ readonly installationId: string; readonly midnightAt: Date; readonly attempts: number }[]> =>
  tx.rows(GIVE_UP, [at, limit]);

/** A meter to be asked for registers of past midnights, in one message. */
export interface FreezeReadOrder {
  readonly gatewayNumber: string;
  readonly serial: string;
  readonly codec: 'JSON' | 'DLT645';
  /** Local days whose beginning is asked for, in order. */
  readonly midnights: readonly string[];
}

// The oldest waits first; of one concentrator only so many meters at once, those not answered yet included.
const CLAIM = statement(
  'reading-gap-claim',
  `WITH asked AS (
     SELECT m.gateway_id, count(DISTINCT g.meter_id) AS meters FROM reading_gap g JOIN meter m ON m.id = g.meter_id
     WHERE g.state = 'OPEN' AND g.asked_wall_at > clock_timestamp() - interval '${ANSWER_S} seconds' GROUP BY 1),
   due AS (
     SELECT g.meter_id, m.gateway_id, min(g.ask_wall_at) AS since, (array_agg(g.midnight ORDER BY g.midnight))[:${DAYS_KEPT_BY_METERS}] AS midnights
     FROM reading_gap g JOIN meter m ON m.id = g.meter_id JOIN gateway w ON w.id = m.gateway_id
     WHERE g.state = 'OPEN' AND g.ask_wall_at <= clock_timestamp() AND g.attempts < ${ATTEMPTS} AND w.online AND m.codec = ANY($1::text[])
     GROUP BY 1, 2),
   ranked AS (SELECT d.*, row_number() OVER (PARTITION BY d.gateway_id ORDER BY d.since, d.meter_id) AS place FROM due d),
   chosen AS (
     SELECT r.meter_id, r.midnights FROM ranked r LEFT JOIN asked a ON a.gateway_id = r.gateway_id
     WHERE r.place <= $2 - coalesce(a.meters, 0) ORDER BY r.since LIMIT $3),
   claimed AS (
     UPDATE reading_gap g SET attempts = g.attempts + 1, asked_wall_at = clock_timestamp(),
       ask_wall_at = clock_timestamp() + make_interval(secs => ('{${BACK_OFF_S.join(',')}}'::float8[])[g.attempts + 1])
     FROM chosen c WHERE g.meter_id = c.meter_id AND g.midnight = ANY(c.midnights) AND g.state = 'OPEN' AND g.ask_wall_at <= clock_timestamp()
     RETURNING g.meter_id, g.midnight)
   SELECT w.gateway_number AS "gatewayNumber", m.serial, m.codec, array_agg(c.midnight::text ORDER BY c.midnight) AS midnights
   FROM claimed c JOIN meter m ON m.id = c.meter_id JOIN gateway w ON w.id = m.gateway_id GROUP BY 1, 2, 3 ORDER BY 2`,
);

/** Takes meters that are to be asked for missing midnights: each counted as asked from here on, whether the question arrives or not. */
export const claimGaps = (
  tx: Tx,
  codecs: readonly string[],
  most: { readonly perGateway: number; readonly meters: number },
): Promise<FreezeReadOrder[]> => tx.rows(CLAIM, [codecs, most.perGateway, most.meters]);

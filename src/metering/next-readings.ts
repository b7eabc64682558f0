/**
 * The common case of a reading, set-based: the next register of the present installation, read in the local day that the newest stored
 * reading begins or lies in. It needs no look at any reading: `meter_installation.last_*` holds the one it is judged against.
 */
import { statement, type Tx } from '../platform/database.js';
import { addDays, localDate, startOfLocalDay, type LocalDate } from '../platform/local-date.js';
import { DEFAULT_FUTURE_TOLERANCE_MS, REGISTER_MODULUS_WH, REGISTER_STEP_WH } from './reading-policy.js';
import type { ReadingReport } from './readings.js';

// The same rules as judgeReading() and dailyUsage() for this one case; test/flow/next-readings.test.ts holds one against the other.
// A meter with any reading that is not of this case is left alone as a whole, and told.
//   starts: the first of its readings in a day continues from the beginning of that day
//   again:  exactly the newest stored reading, heard again
const STORE = statement(
  'next-readings-store',
  `WITH given AS (
     SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[], $4::text[], $5::date[], $6::timestamptz[], $7::timestamptz[])
       AS g (meter_id, read_at, energy_wh, cause, day, day_start, day_end)),
   place AS (
     SELECT id, meter_id, last_read_at, last_wh, last_day_exact FROM meter_installation
     WHERE meter_id = ANY($8::uuid[]) AND removed_at IS NULL ORDER BY meter_id, installed_at FOR NO KEY UPDATE),
   chained AS (
     SELECT g.*, p.id AS installation_id, p.last_day_exact,
       coalesce(lag(g.read_at) OVER w, p.last_read_at) AS prev_at, coalesce(lag(g.energy_wh) OVER w, p.last_wh) AS prev_wh,
       g.read_at = p.last_read_at AND g.energy_wh = p.last_wh AS again
     FROM given g JOIN place p USING (meter_id) WINDOW w AS (PARTITION BY g.meter_id ORDER BY g.read_at)),
   begun AS (
     SELECT *, first_value(prev_at) OVER (PARTITION BY meter_id, day ORDER BY read_at) = day_start AS starts FROM chained),
   judged AS (
     SELECT *, bool_and(coalesce(again OR (
         read_at > prev_at AND prev_at >= day_start AND read_at <= $9::timestamptz
         AND energy_wh >= prev_wh AND energy_wh < ${REGISTER_MODULUS_WH}
         AND (energy_wh - prev_wh - ${REGISTER_STEP_WH}) * 3600000 <= $10::bigint * (extract(epoch FROM read_at - prev_at) * 1000)::bigint
         AND (starts OR last_day_exact IS NOT NULL)), false)) OVER (PARTITION BY meter_id) AS simple
     FROM begun),
   next AS MATERIALIZED (SELECT * FROM judged WHERE simple AND NOT again),
   stored AS (
     -- Nothing is newer than the newest, so nothing can be there already.
     INSERT INTO reading (meter_id, installation_id, read_at, energy_wh, quality, cause, flags, usable, received_at, revision)
     SELECT meter_id, installation_id, read_at, energy_wh, 'ACTUAL', cause, '{}', true, $11, 0 FROM next),
   moved AS (
     UPDATE meter_installation i SET last_read_at = l.read_at, last_wh = l.energy_wh, last_day_exact = l.day_exact
     FROM (SELECT DISTINCT ON (installation_id) installation_id, read_at, energy_wh, CASE WHEN read_at < day_end THEN starts OR last_day_exact END AS day_exact
           FROM next ORDER BY installation_id, read_at DESC) l
     WHERE i.id = l.installation_id),
   days AS (
     SELECT installation_id, day, starts, sum(energy_wh - prev_wh)::bigint AS energy_wh,
       CASE WHEN bool_or(read_at = day_end AND (starts OR last_day_exact)) THEN 'ACTUAL' ELSE 'ESTIMATED' END AS quality
     FROM next GROUP BY installation_id, day, starts),
   whole AS (
     INSERT INTO daily_usage (installation_id, usage_date, energy_wh, quality)
     SELECT installation_id, day, energy_wh, quality FROM days WHERE starts
     ON CONFLICT (installation_id, usage_date) DO UPDATE SET energy_wh = excluded.energy_wh, quality = excluded.quality),
   continued AS (
     INSERT INTO daily_usage AS u (installation_id, usage_date, energy_wh, quality)
     SELECT installation_id, day, energy_wh, quality FROM days WHERE NOT starts
     ON CONFLICT (installation_id, usage_date) DO UPDATE SET energy_wh = u.energy_wh + excluded.energy_wh, quality = excluded.quality)
   SELECT ARRAY(SELECT meter_id FROM given EXCEPT SELECT meter_id FROM judged WHERE simple) AS left`,
);

/** Instants of which the calendar is certain; what lies outside is judged one by one. */
const FROM_MS = Date.UTC(2000, 0);
const UNTIL_MS = Date.UTC(2200, 0);

/**
 * Stores what it can of these readings, with the days they change, in one statement. Takes the locks of the installations concerned.
 * @returns the readings that are not of the common case, and must be judged one by one; of a meter either all or none
 */
export async function storeNextReadings(
  tx: Tx,
  reports: readonly ReadingReport[],
  { at, timeZone, maxPlausibleW }: { readonly at: Date; readonly timeZone: string; readonly maxPlausibleW: number },
): Promise<readonly ReadingReport[]> {
  const byMeter = candidatesOf(reports);
  const columns = columnsOf(byMeter, timeZone);
  if (columns.meters.length === 0) return reports;
  const [done] = await tx.rows<{ left: string[] }>(STORE, [
    ...columns.rows,
    literal(columns.meters),
    new Date(at.getTime() + DEFAULT_FUTURE_TOLERANCE_MS),
    maxPlausibleW,
    at,
  ]);
  if (done!.left.length === 0 && columns.meters.length === byMeter.size) return [];
  const left = new Set(done!.left);
  return reports.filter(({ meterId }) => left.has(meterId) || byMeter.get(meterId) === undefined);
}

/** Per meter its readings by instant, copies dropped; undefined for a meter of which one is out of the common case at first sight. */
function candidatesOf(reports: readonly ReadingReport[]): Map<string, Map<number, ReadingReport> | undefined> {
  const byMeter = new Map<string, Map<number, ReadingReport> | undefined>();
  for (const report of reports) {
    const { meterId, readAt, energyWh, quality, periodsWh } = report;
    const atMs = readAt.getTime();
    const own = byMeter.get(meterId);
    if (own === undefined && byMeter.has(meterId)) continue;
    const twin = own?.get(atMs);
    const common =
      quality === 'ACTUAL' && periodsWh === undefined && atMs >= FROM_MS && atMs < UNTIL_MS && energyWh >= 0n;
    if (!common || (twin && twin.energyWh !== energyWh)) byMeter.set(meterId, undefined);
    else if (!own) byMeter.set(meterId, new Map([[atMs, report]]));
    else if (!twin) own.set(atMs, report);
  }
  return byMeter;
}

/** An array as PostgreSQL reads it; of words that need no quoting. */
const literal = (words: readonly string[]): string => `{${words.join(',')}}`;

function columnsOf(byMeter: ReadonlyMap<string, ReadonlyMap<number, ReadingReport> | undefined>, timeZone: string) {
  const meters: string[] = [];
  const rows: string[][] = [[], [], [], [], [], [], []];
  const days = new Map<number, readonly [at: string, day: string, start: string, end: string]>();
  for (const [meterId, own] of byMeter) {
    if (!own) continue;
    meters.push(meterId);
    for (const [atMs, { energyWh, cause }] of own) {
      let day = days.get(atMs);
      if (!day) days.set(atMs, (day = dayOf(atMs, timeZone)));
      rows[0]!.push(meterId);
      rows[1]!.push(day[0]);
      rows[2]!.push(String(energyWh));
      rows[3]!.push(cause);
      rows[4]!.push(day[1]);
      rows[5]!.push(day[2]);
      rows[6]!.push(day[3]);
    }
  }
  return { meters, rows: rows.map(literal) };
}

/** The local day that an instant ends or lies in: a reading at midnight belongs to the day before. */
function dayOf(atMs: number, timeZone: string): readonly [at: string, day: LocalDate, start: string, end: string] {
  const day = localDate(new Date(atMs - 1), timeZone);
  return [
    new Date(atMs).toISOString(),
    day,
    startOfLocalDay(day, timeZone).toISOString(),
    startOfLocalDay(addDays(day, 1), timeZone).toISOString(),
  ];
}

const NOTE = statement(
  'next-readings-note',
  `UPDATE meter_installation i SET last_read_at = l.read_at, last_wh = l.energy_wh, last_day_exact = l.day_exact
   FROM (
     SELECT n.id, c.read_at, c.energy_wh,
       CASE WHEN c.read_at > d.day_start AND d.day_start >= n.installed_at
              AND EXISTS (SELECT FROM daily_usage u WHERE u.installation_id = n.id AND u.usage_date = (c.read_at AT TIME ZONE $2)::date)
            THEN EXISTS (SELECT FROM reading b WHERE b.meter_id = n.meter_id AND b.read_at = d.day_start AND b.quality = 'ACTUAL' AND b.usable
                           AND b.installation_id = n.id)
       END AS day_exact
     FROM meter_installation n
     LEFT JOIN LATERAL (SELECT read_at FROM reading WHERE meter_id = n.meter_id ORDER BY read_at DESC LIMIT 1) newest ON true
     LEFT JOIN LATERAL (
       SELECT read_at, energy_wh FROM reading r
       WHERE r.meter_id = n.meter_id AND r.read_at = newest.read_at AND r.quality = 'ACTUAL' AND r.usable AND r.installation_id = n.id
       ORDER BY revision DESC LIMIT 1) c ON true
     LEFT JOIN LATERAL (SELECT date_trunc('day', c.read_at, $2) AS day_start) d ON true
     WHERE n.meter_id = ANY($1::uuid[]) AND n.removed_at IS NULL) l
   WHERE i.id = l.id AND (i.last_read_at, i.last_wh, i.last_day_exact) IS DISTINCT FROM (l.read_at, l.energy_wh, l.day_exact)`,
);

/**
 * Notes anew what the newest stored reading of these meters is. Whoever stores or corrects readings in another way than
 * {@link storeNextReadings} calls it last, under the same locks.
 */
export async function noteNewestReadings(tx: Tx, meterIds: readonly string[], timeZone: string): Promise<void> {
  await tx.rows(NOTE, [meterIds, timeZone]);
}

import { statement, type Tx } from '../platform/database.js';
import type { TouPeriod } from './reading.js';

/** A register value to be recorded. `readAt` is the meter's clock, `energyWh` its forward register. */
export interface ReadingReport {
  readonly meterId: string;
  readonly readAt: Date;
  readonly energyWh: bigint;
  readonly quality: 'ACTUAL' | 'ESTIMATED';
  readonly cause: 'FREEZE' | 'PERIODIC' | 'REQUESTED' | 'MANUAL';
  /** Registers per time-of-use period at the same instant, Wh, where the meter has them (分时示数). */
  readonly periodsWh?: Readonly<Partial<Record<TouPeriod, bigint>>>;
}

/** A reading as it is kept. A correction is the same instant with the next revision; a superseded one is not usable. */
export interface StoredReading extends ReadingReport {
  readonly installationId: string;
  readonly revision: number;
  readonly flags: readonly string[];
  readonly usable: boolean;
}

const INSTALLATIONS = statement(
  'reading-installations',
  `SELECT id, meter_id AS "meterId", installed_at AS "installedAt", installed_wh AS "installedWh", removed_at AS "removedAt",
          removed_wh AS "removedWh"
   FROM meter_installation
   WHERE meter_id = ANY($1::uuid[]) ORDER BY meter_id, installed_at FOR NO KEY UPDATE`,
);

export interface InstallationSpan {
  readonly id: string;
  readonly meterId: string;
  readonly installedAt: Date;
  /** Register when the meter went on, and when it came off. */
  readonly installedWh: bigint;
  readonly removedAt: Date | null;
  readonly removedWh: bigint | null;
}

/**
 * All installations, past and present, of these meters, in order of time for each. Locked: of two processes that take readings of one
 * meter the second waits here, and then judges and derives with what the first has stored.
 */
export const lockInstallationsOf = (tx: Tx, meterIds: readonly string[]): Promise<InstallationSpan[]> =>
  tx.rows<InstallationSpan>(INSTALLATIONS, [meterIds]);

const NEIGHBOURS = statement(
  'reading-neighbours',
  `WITH span AS (SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS s (meter_id, low, high))
   SELECT r.meter_id AS "meterId", r.installation_id AS "installationId", r.read_at AS "readAt", r.energy_wh AS "energyWh",
          r.quality, r.cause, r.flags, r.revision,
          r.usable AND r.revision = max(r.revision) FILTER (WHERE r.usable) OVER (PARTITION BY r.meter_id, r.read_at, r.quality) AS usable
   FROM span s CROSS JOIN LATERAL (
     (SELECT * FROM reading WHERE meter_id = s.meter_id AND read_at <= s.low AND usable ORDER BY read_at DESC, quality, revision DESC LIMIT 1)
     UNION ALL
     (SELECT * FROM reading WHERE meter_id = s.meter_id AND read_at > s.low AND read_at < s.high ORDER BY read_at LIMIT 2000)
     UNION ALL
     (SELECT * FROM reading WHERE meter_id = s.meter_id AND read_at >= s.high AND usable ORDER BY read_at, quality, revision DESC LIMIT 1)
   ) r ORDER BY r.meter_id, r.read_at, r.quality, r.revision`,
);

// Where the nearest stored reading was estimated: on to the nearest that was read, since only that can contradict an actual one.
const NEIGHBOURS_OF_ESTIMATES = statement(
  'reading-neighbours-of-estimates',
  `WITH span AS (SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS s (meter_id, low, high)),
   wide AS (
     SELECT s.meter_id,
            coalesce((SELECT max(read_at) FROM reading WHERE meter_id = s.meter_id AND read_at <= s.low AND usable AND quality = 'ACTUAL'), '-infinity') AS low,
            coalesce((SELECT min(read_at) FROM reading WHERE meter_id = s.meter_id AND read_at >= s.high AND usable AND quality = 'ACTUAL'), 'infinity') AS high
     FROM span s)
   SELECT r.meter_id AS "meterId", r.installation_id AS "installationId", r.read_at AS "readAt", r.energy_wh AS "energyWh",
          r.quality, r.cause, r.flags, r.revision,
          r.usable AND r.revision = max(r.revision) FILTER (WHERE r.usable) OVER (PARTITION BY r.meter_id, r.read_at, r.quality) AS usable
   FROM wide w CROSS JOIN LATERAL (
     SELECT * FROM reading WHERE meter_id = w.meter_id AND read_at >= w.low AND read_at <= w.high ORDER BY read_at LIMIT 2000) r
   ORDER BY r.meter_id, r.read_at, r.quality, r.revision`,
);

/**
 * What is stored around each span: the latest usable reading at or before `low`, all between, and the earliest usable at or
 * after `high`; in order of time per meter. Beyond an estimate all up to the next that was read. Superseded ones are not usable.
 */
export async function neighbouringReadings(tx: Tx, spans: readonly ReadingSpan[]): Promise<StoredReading[]> {
  const near = await tx.rows<StoredReading>(NEIGHBOURS, columnsOf(spans));
  const estimated = new Set(near.filter(({ quality }) => quality === 'ESTIMATED').map(({ meterId }) => meterId));
  if (estimated.size === 0) return near;
  const wide = await tx.rows<StoredReading>(
    NEIGHBOURS_OF_ESTIMATES,
    columnsOf(spans.filter(({ meterId }) => estimated.has(meterId))),
  );
  return [...near.filter(({ meterId }) => !estimated.has(meterId)), ...wide];
}

/** A span of time of one meter, both ends included. */
export interface ReadingSpan {
  readonly meterId: string;
  readonly low: Date;
  readonly high: Date;
}

const columnsOf = (spans: readonly ReadingSpan[]): unknown[] => [
  spans.map(({ meterId }) => meterId),
  spans.map(({ low }) => low),
  spans.map(({ high }) => high),
];

const INSERT_READINGS = statement(
  'reading-insert',
  `INSERT INTO reading (meter_id, installation_id, read_at, energy_wh, quality, cause, flags, usable, received_at, revision)
   SELECT "meterId", "installationId", "readAt", "energyWh", quality, cause, flags, usable, $2, revision
   FROM jsonb_to_recordset($1::jsonb) AS r ("meterId" uuid, "installationId" uuid, "readAt" timestamptz, "energyWh" bigint, quality text,
        cause text, flags text[], usable boolean, revision smallint)
   ON CONFLICT DO NOTHING`,
);

const withBigInts = (rows: readonly object[]): string =>
  JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

/** Inserts readings in one statement; one that is stored already stays as it is. */
export async function insertReadings(tx: Tx, readings: readonly StoredReading[], receivedAt: Date): Promise<void> {
  if (readings.length > 0) await tx.rows(INSERT_READINGS, [withBigInts(readings), receivedAt]);
}

const INSERT_PERIODS = statement(
  'period-reading-insert',
  `INSERT INTO period_reading (meter_id, installation_id, read_at, period, energy_wh)
   SELECT "meterId", "installationId", "readAt", period, "energyWh"
   FROM jsonb_to_recordset($1::jsonb) AS r ("meterId" uuid, "installationId" uuid, "readAt" timestamptz, period text, "energyWh" bigint)
   ON CONFLICT DO NOTHING`,
);

/** Keeps the registers per time-of-use period of those readings that carry them and are usable. */
export async function insertPeriodReadings(tx: Tx, readings: readonly StoredReading[]): Promise<void> {
  const rows = readings.flatMap(({ meterId, installationId, readAt, usable, periodsWh }) =>
    usable && periodsWh
      ? Object.entries(periodsWh).map(([period, energyWh]) => ({ meterId, installationId, readAt, period, energyWh }))
      : [],
  );
  if (rows.length > 0) await tx.rows(INSERT_PERIODS, [withBigInts(rows)]);
}

const STORE_USAGE = statement(
  'daily-usage-store',
  `INSERT INTO daily_usage (installation_id, usage_date, energy_wh, quality)
   SELECT DISTINCT ON ("installationId", date) "installationId", date, "energyWh", quality
   FROM jsonb_to_recordset($1::jsonb) AS u ("installationId" uuid, date date, "energyWh" bigint, quality text)
   ORDER BY "installationId", date
   ON CONFLICT (installation_id, usage_date) DO UPDATE SET energy_wh = excluded.energy_wh, quality = excluded.quality
   WHERE (daily_usage.energy_wh, daily_usage.quality) IS DISTINCT FROM (excluded.energy_wh, excluded.quality)`,
);

export interface UsageOfDay {
  readonly installationId: string;
  readonly date: string;
  readonly energyWh: bigint;
  readonly quality: 'ACTUAL' | 'ESTIMATED';
}

/** Stores derived daily usage; a day derived anew replaces its earlier value. */
export async function storeDailyUsage(tx: Tx, days: readonly UsageOfDay[]): Promise<void> {
  if (days.length > 0) await tx.rows(STORE_USAGE, [withBigInts(days)]);
}

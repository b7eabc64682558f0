import { statement, type Reader, type Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import type { WeatherAlertKind, WeatherReport, WeatherReportKind } from './weather.js';

/** How far back facts are read: a week, twice what any place asks for. A rule with a longer look-back finds days nobody reported, and blocks. */
const FACTS_DAYS = 8;
/** Evidence of past decisions stands in their own records; reports are kept for enquiries this long. */
const KEPT_DAYS = 400;

/** The region of a district `d`. */
const REGION = `coalesce(d.weather_region, regexp_replace(d.code, '-[^-]*$', ''))`;

const GIVEN = `jsonb_to_recordset($1::jsonb) AS g (index int, id uuid, region text, kind text, "alertKind" text, "observedOn" date,
  "periodFrom" timestamptz, "periodTo" timestamptz, "issuedAt" timestamptz, "minMilliC" int, "maxMilliC" int)`;

const INSERT = statement(
  'weather-insert',
  `INSERT INTO weather_report (id, region, kind, alert_kind, observed_on, period_from, period_to, issued_at, min_milli_c, max_milli_c, received_at, recorded_by)
   SELECT g.id, g.region, g.kind, g."alertKind", g."observedOn", g."periodFrom", g."periodTo", g."issuedAt", g."minMilliC", g."maxMilliC", $2, $3
   FROM ${GIVEN} ORDER BY g.index ON CONFLICT DO NOTHING RETURNING id`,
);
const CONFLICTS = statement(
  'weather-conflicts',
  `SELECT g.index FROM ${GIVEN} JOIN weather_report w ON w.region = g.region AND w.kind = g.kind AND w.issued_at = g."issuedAt"
     AND w.alert_kind IS NOT DISTINCT FROM g."alertKind" AND w.observed_on IS NOT DISTINCT FROM g."observedOn"
     AND w.period_from IS NOT DISTINCT FROM g."periodFrom" AND w.period_to IS NOT DISTINCT FROM g."periodTo"
   WHERE (w.min_milli_c, w.max_milli_c) IS DISTINCT FROM (g."minMilliC", g."maxMilliC") ORDER BY g.index`,
);

/** What became of reports handed in. */
export interface StoredWeather {
  /** Ids of the new rows. */
  readonly recordedIds: readonly string[];
  /** Positions of reports that are on record with other temperatures: the first word stands. */
  readonly conflicts: readonly number[];
}

/** Stores reports, each once: the same region, kind, period and time of issue is the same report. */
export async function insertWeatherReports(
  tx: Tx,
  reports: readonly WeatherReport[],
  receivedAt: Date,
  recordedBy: string,
): Promise<StoredWeather> {
  const given = JSON.stringify(reports.map((report, index) => ({ index, id: newId(), ...columnsOf(report) })));
  const recorded = await tx.rows<{ id: string }>(INSERT, [given, receivedAt, recordedBy]);
  const conflicts = recorded.length === reports.length ? [] : await tx.rows<{ index: number }>(CONFLICTS, [given]);
  return { recordedIds: recorded.map(({ id }) => id), conflicts: conflicts.map(({ index }) => index) };
}

function columnsOf(report: WeatherReport) {
  const { region, kind, issuedAt } = report;
  if (report.kind === 'OBSERVED')
    return {
      region,
      kind,
      issuedAt,
      observedOn: report.date,
      minMilliC: report.minMilliC,
      maxMilliC: report.maxMilliC,
    };
  const period = { periodFrom: report.from, periodTo: report.to };
  return report.kind === 'ALERT'
    ? { region, kind, issuedAt, ...period, alertKind: report.alert }
    : { region, kind, issuedAt, ...period, minMilliC: report.minMilliC, maxMilliC: report.maxMilliC };
}

const REGIONS = statement(
  'weather-regions',
  `SELECT d.id, ${REGION} AS region FROM transformer_district d WHERE d.id = ANY($1::uuid[])`,
);

const REPORT = `w.region, w.kind, w.alert_kind AS "alertKind", w.observed_on AS "observedOn", w.period_from AS "periodFrom",
  w.period_to AS "periodTo", w.issued_at AS "issuedAt", w.min_milli_c AS "minMilliC", w.max_milli_c AS "maxMilliC"`;
/** Reports of a region that had been issued, and not long before: a range of the unique index. */
const ISSUED = `w.region = r.code AND w.issued_at <= $2 AND w.issued_at > $2::timestamptz - make_interval(days => ${2 * FACTS_DAYS})`;

// Of forecasts only the one issued last: it replaces the others. The days before and after cover every time zone.
const FACTS = statement(
  'weather-facts',
  `WITH region AS (
     SELECT code, (SELECT max(w.issued_at) FROM weather_report w WHERE w.region = code AND w.kind = 'FORECAST' AND w.issued_at <= $2) AS "forecastAt"
     FROM unnest($1::text[]) AS code)
   SELECT ${REPORT} FROM region r JOIN weather_report w ON w.kind = 'FORECAST' AND w.issued_at = r."forecastAt" AND ${ISSUED}
   UNION ALL
   SELECT ${REPORT} FROM region r JOIN weather_report w ON w.kind = 'OBSERVED' AND ${ISSUED}
     AND w.observed_on BETWEEN ($2 AT TIME ZONE 'UTC')::date - 2 AND ($2 AT TIME ZONE 'UTC')::date + 1
   UNION ALL
   SELECT ${REPORT} FROM region r JOIN weather_report w ON w.kind = 'ALERT' AND ${ISSUED}
     AND greatest(w.period_to, w.issued_at) > $2::timestamptz - make_interval(days => ${FACTS_DAYS})`,
);

interface FactRow {
  readonly region: string;
  readonly kind: WeatherReportKind;
  readonly alertKind: WeatherAlertKind | null;
  readonly observedOn: string | null;
  readonly periodFrom: Date | null;
  readonly periodTo: Date | null;
  readonly issuedAt: Date;
  readonly minMilliC: number | null;
  readonly maxMilliC: number | null;
}

/**
 * What is known at `at` about the weather of many districts, in two statements whatever their number; an empty list where nothing is.
 * Districts of one region share one list.
 */
export async function weatherFactsOf(
  tx: Reader,
  districtIds: readonly string[],
  at: Date,
): Promise<Map<string, readonly WeatherReport[]>> {
  const regions = await tx.rows<{ id: string; region: string }>(REGIONS, [districtIds]);
  const codes = [...new Set(regions.map(({ region }) => region))];
  const reports = (await tx.rows<FactRow>(FACTS, [codes, at])).map(reportOf);
  const byRegion = Map.groupBy(reports, ({ region }) => region);
  return new Map(regions.map(({ id, region }) => [id, byRegion.get(region) ?? []]));
}

/** The table's checks say which columns each kind has. */
function reportOf(row: FactRow): WeatherReport {
  const { region, issuedAt } = row;
  const temperatures = { minMilliC: row.minMilliC!, maxMilliC: row.maxMilliC! };
  if (row.kind === 'OBSERVED') return { kind: row.kind, region, issuedAt, date: row.observedOn!, ...temperatures };
  const period = { from: row.periodFrom!, to: row.periodTo! };
  return row.kind === 'ALERT'
    ? { kind: row.kind, region, issuedAt, ...period, alert: row.alertKind! }
    : { kind: row.kind, region, issuedAt, ...period, ...temperatures };
}

const LOCK_REGION = statement(
  'weather-region-lock',
  `SELECT ${REGION} AS region FROM transformer_district d WHERE d.id = $1 FOR NO KEY UPDATE`,
);
const PUT_REGION = statement(
  'weather-region-put',
  `UPDATE transformer_district d SET weather_region = $2 WHERE d.id = $1 RETURNING ${REGION} AS region`,
);

/** The weather region of a district, whose row is locked; undefined if there is no such district. */
export async function lockWeatherRegion(tx: Tx, districtId: string): Promise<string | undefined> {
  return (await tx.rows<{ region: string }>(LOCK_REGION, [districtId]))[0]?.region;
}

/** Names the weather region of a district (null: the one its code begins with) and gives what holds now. */
export async function putWeatherRegion(tx: Tx, districtId: string, region: string | null): Promise<string | undefined> {
  return (await tx.rows<{ region: string }>(PUT_REGION, [districtId, region]))[0]?.region;
}

const CLEAR = statement(
  'weather-clear',
  `DELETE FROM weather_report WHERE received_at < $1::timestamptz - make_interval(days => ${KEPT_DAYS})`,
);

/** Removes reports that no decision reads any more. */
export async function clearWeatherReports(tx: Reader, at: Date): Promise<void> {
  await tx.rows(CLEAR, [at]);
}

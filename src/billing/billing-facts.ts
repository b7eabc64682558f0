import { statement, type Tx } from '../platform/database.js';
import type { InstallationToBill, NearbyEstimate, PeriodRegisters, RegisterAround } from './register-facts.js';

export type { RegisterAround } from './register-facts.js';

/** Service points in the order of their ids: those after one, up to another. */
export interface PointRange {
  readonly after: string;
  readonly upto: string;
  readonly points: number;
}

/** Whom a run bills: a district or, with null, the company; only accounts of these settlements a month, or, with null, all. */
export interface BillingScope {
  readonly districtId: string | null;
  readonly settlementsPerMonth: readonly number[] | null;
}

const RANGES = statement(
  'billing-ranges',
  `SELECT upto::text AS upto, points::int AS points FROM (
     SELECT max(id::text)::uuid AS upto, count(*) AS points, page FROM (
       SELECT sp.id, (row_number() OVER (ORDER BY sp.id) - 1) / $4 AS page
       FROM service_point sp JOIN account a ON a.id = sp.account_id AND a.closed_at IS NULL
       WHERE ($1::uuid IS NULL OR sp.district_id = $1) AND ($2::smallint[] IS NULL OR a.settlements_per_month = ANY($2)) AND sp.id > $3) n
     GROUP BY page) p ORDER BY upto`,
);

/** Cuts the service points of a scope that come after one into ranges of so many. */
export async function pointRanges(
  reader: Pick<Tx, 'rows'>,
  scope: BillingScope,
  after: string,
  pageSize: number,
): Promise<PointRange[]> {
  const rows = await reader.rows<{ upto: string; points: number }>(RANGES, [
    scope.districtId,
    scope.settlementsPerMonth,
    after,
    pageSize,
  ]);
  return rows.map(({ upto, points }, index) => ({ after: rows[index - 1]?.upto ?? after, upto, points }));
}

const IN_RANGE = `sp.id > $1 AND sp.id <= $2 AND ($3::uuid IS NULL OR sp.district_id = $3)
     AND ($4::smallint[] IS NULL OR a.settlements_per_month = ANY($4)) AND a.closed_at IS NULL`;

// What is billed up to the day already needs no lock: this is what a run that is repeated does.
const LOCK = statement(
  'billing-lock',
  `SELECT count(*)::int AS locked FROM (
     SELECT a.id FROM account a WHERE a.id IN (
       SELECT sp.account_id FROM service_point sp JOIN account a ON a.id = sp.account_id
       WHERE ${IN_RANGE} AND NOT EXISTS (SELECT FROM bill b WHERE b.service_point_id = sp.id AND b.period_to >= $5::date))
     ORDER BY a.id FOR NO KEY UPDATE) l`,
);

const UNBILLED = statement(
  'billing-unbilled',
  `SELECT EXISTS (
     SELECT FROM service_point sp JOIN account a ON a.id = sp.account_id
     WHERE sp.district_id = $1 AND a.closed_at IS NULL AND ($2::smallint[] IS NULL OR a.settlements_per_month = ANY($2))
       AND EXISTS (SELECT FROM meter_installation i WHERE i.service_point_id = sp.id AND i.installed_at < $4)
       AND NOT EXISTS (SELECT FROM bill b WHERE b.service_point_id = sp.id AND b.period_to >= $3::date)) AS unbilled`,
);

/** Whether some service point of a district has days before `periodTo` that are not billed. */
export async function hasUnbilledDays(
  reader: Pick<Tx, 'rows'>,
  scope: BillingScope & { readonly districtId: string },
  periodTo: string,
  until: Date,
): Promise<boolean> {
  const values = [scope.districtId, scope.settlementsPerMonth, periodTo, until];
  return (await reader.rows<{ unbilled: boolean }>(UNBILLED, values))[0]!.unbilled;
}

/** Locks the accounts of a range that have unbilled days before `periodTo`; returns how many they are. */
export async function lockAccountsToBill(
  tx: Tx,
  range: PointRange,
  scope: BillingScope,
  periodTo: string,
): Promise<number> {
  const values = [range.after, range.upto, scope.districtId, scope.settlementsPerMonth, periodTo];
  return (await tx.rows<{ locked: number }>(LOCK, values))[0]!.locked;
}

/** One installation of a service point that has unbilled days, with what is billed there so far. */
export interface BillingStretch extends InstallationToBill {
  readonly servicePointId: string;
  readonly accountId: string;
  readonly currency: string;
  readonly tariffCode: string;
  /** First local day not billed yet; null: from the installation's first day. */
  readonly billedUntil: string | null;
  /** Billed so far at this service point, by readings and by estimates, corrections included. */
  readonly billedWh: bigint;
  /** Billed since 1 January, and since the first of the month, of the first day not billed yet. */
  readonly usedInYearWh: bigint;
  readonly usedInMonthWh: bigint;
  /** A proven low income (低保户, 五保户) on the settlement day. */
  readonly lowIncome: boolean;
  /** The register read exactly at the beginning, and at the end, of the period; null if it was not. */
  readonly startWh: bigint | null;
  readonly endWh: bigint | null;
}

const readAtExactly = (instant: string): string =>
  `(SELECT r.energy_wh FROM reading r WHERE r.meter_id = i.meter_id AND r.read_at = ${instant} AND r.quality = 'ACTUAL' AND r.usable AND r.installation_id = i.id
    ORDER BY r.revision DESC LIMIT 1)`;

/** A low income that was on record, proven and not ended, on a settlement day. */
const lowIncomeOn = (customer: string, day: string, instant: string): string =>
  `EXISTS (SELECT FROM protection p WHERE p.customer_id = ${customer} AND p.kind = 'LOW_INCOME' AND p.proof IS NOT NULL
             AND (p.valid_until IS NULL OR p.valid_until >= ${day}) AND (p.ended_at IS NULL OR p.ended_at >= ${instant}))`;

const STRETCHES = statement(
  'billing-stretches',
  `SELECT sp.id AS "servicePointId", a.id AS "accountId", a.currency, a.tariff_code AS "tariffCode",
          b.billed_until AS "billedUntil", i.id AS "installationId", i.installed_at AS "installedAt", i.removed_at AS "removedAt",
          i.installed_wh AS "installedWh", i.removed_wh AS "removedWh", coalesce(b.billed_wh, 0)::bigint AS "billedWh",
          coalesce(u.year_wh, 0)::bigint AS "usedInYearWh", coalesce(u.month_wh, 0)::bigint AS "usedInMonthWh",
          ${lowIncomeOn('a.customer_id', '$5::date', '$6')} AS "lowIncome",
          ${readAtExactly(`(b.billed_until::timestamp AT TIME ZONE $7)`)} AS "startWh", ${readAtExactly('$6')} AS "endWh"
   FROM service_point sp
   JOIN account a ON a.id = sp.account_id
   JOIN meter_installation i ON i.service_point_id = sp.id AND i.installed_at < $6
   LEFT JOIN LATERAL (SELECT max(period_to) AS billed_until, sum(energy_wh) AS billed_wh FROM bill WHERE bill.service_point_id = sp.id) b ON true
   LEFT JOIN LATERAL (
     SELECT sum(energy_wh) AS year_wh, sum(energy_wh) FILTER (WHERE period_from >= date_trunc('month', b.billed_until)) AS month_wh
     FROM bill WHERE bill.service_point_id = sp.id AND period_from >= date_trunc('year', b.billed_until)) u ON b.billed_until IS NOT NULL
   WHERE ${IN_RANGE} AND (b.billed_until IS NULL OR b.billed_until < $5::date)
   ORDER BY sp.id, i.installed_at`,
);

/** Installations at the service points of a range that have unbilled days before `periodTo`; the accounts must be locked. */
export const billingStretches = (
  tx: Pick<Tx, 'rows'>,
  range: PointRange,
  scope: BillingScope,
  period: { readonly periodTo: string; readonly until: Date; readonly timeZone: string },
): Promise<BillingStretch[]> =>
  tx.rows<BillingStretch>(STRETCHES, [
    range.after,
    range.upto,
    scope.districtId,
    scope.settlementsPerMonth,
    period.periodTo,
    period.until,
    period.timeZone,
  ]);

/** An instant at which the register of an installation is asked for. */
export interface Edge {
  readonly installationId: string;
  readonly instant: Date;
}

// Of one instant the highest revision counts.
const AROUND = statement(
  'billing-register-around',
  `SELECT b.read_at AS "beforeAt", b.energy_wh AS "beforeWh", b.quality AS "beforeQuality", n.read_at AS "afterAt", n.energy_wh AS "afterWh"
   FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS w (installation_id, instant, position)
   JOIN meter_installation i ON i.id = w.installation_id
   LEFT JOIN LATERAL (
     SELECT read_at, energy_wh, quality FROM reading r
     WHERE r.meter_id = i.meter_id AND r.installation_id = i.id AND r.usable AND r.quality = 'ACTUAL' AND r.read_at <= w.instant
     ORDER BY r.read_at DESC, r.revision DESC LIMIT 1) b ON true
   LEFT JOIN LATERAL (
     SELECT read_at, energy_wh FROM reading r
     WHERE r.meter_id = i.meter_id AND r.installation_id = i.id AND r.usable AND r.quality = 'ACTUAL' AND r.read_at > w.instant
     ORDER BY r.read_at, r.revision DESC LIMIT 1) n ON true
   ORDER BY w.position`,
);

/** For each (installation, instant) the readings that were truly read around it, in the order asked. */
export const registersAround = (tx: Pick<Tx, 'rows'>, edges: readonly Edge[]): Promise<RegisterAround[]> =>
  edges.length === 0
    ? Promise.resolve([])
    : tx.rows<RegisterAround>(AROUND, [
        edges.map(({ installationId }) => installationId),
        edges.map(({ instant }) => instant),
      ]);

const ESTIMATES = statement(
  'billing-estimates',
  `SELECT w.position::int AS position, r.read_at AS at, r.energy_wh AS "energyWh"
   FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS w (installation_id, low, high, position)
   JOIN meter_installation i ON i.id = w.installation_id
   JOIN reading r ON r.meter_id = i.meter_id AND r.installation_id = i.id AND r.quality = 'ESTIMATED' AND r.usable
     AND r.read_at > coalesce(w.low, '-infinity') AND r.read_at < coalesce(w.high, 'infinity')
   ORDER BY w.position, r.read_at, r.revision DESC`,
);

/** Stored estimates between the readings around each edge, by the edge's place in the list, in order of time. */
export async function estimatesAround(
  tx: Pick<Tx, 'rows'>,
  edges: readonly Edge[],
  around: readonly RegisterAround[],
): Promise<Map<number, NearbyEstimate[]>> {
  const rows = await tx.rows<NearbyEstimate & { position: number }>(ESTIMATES, [
    edges.map(({ installationId }) => installationId),
    around.map(({ beforeAt }) => beforeAt),
    around.map(({ afterAt }) => afterAt),
  ]);
  return Map.groupBy(rows, ({ position }) => position - 1);
}

const PERIODS = statement(
  'billing-period-registers',
  `SELECT w.position::int AS position, p.period, p.energy_wh AS "energyWh"
   FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS w (installation_id, instant, position)
   JOIN meter_installation i ON i.id = w.installation_id
   JOIN period_reading p ON p.meter_id = i.meter_id AND p.installation_id = i.id AND p.read_at = w.instant`,
);

/** Registers per time-of-use period read exactly at each edge, by the edge's place in the list. */
export async function periodRegisters(
  tx: Pick<Tx, 'rows'>,
  edges: readonly Edge[],
): Promise<Map<number, PeriodRegisters>> {
  if (edges.length === 0) return new Map();
  const rows = await tx.rows<{ position: number; period: string; energyWh: bigint }>(PERIODS, [
    edges.map(({ installationId }) => installationId),
    edges.map(({ instant }) => instant),
  ]);
  const grouped = Map.groupBy(rows, ({ position }) => position - 1);
  return new Map(
    [...grouped].map(([place, own]) => [
      place,
      Object.fromEntries(own.map(({ period, energyWh }) => [period, energyWh])) as PeriodRegisters,
    ]),
  );
}

const LOW_INCOME = statement(
  'billing-low-income',
  `SELECT w.position::int AS position FROM unnest($2::date[], $3::timestamptz[]) WITH ORDINALITY AS w (day, instant, position)
   JOIN account a ON a.id = $1 WHERE ${lowIncomeOn('a.customer_id', 'w.day', 'w.instant')}`,
);

/** Which of these settlement days found the customer of an account with a proven low income, by their place in the list. */
export async function lowIncomeOnDays(
  tx: Pick<Tx, 'rows'>,
  accountId: string,
  days: readonly { readonly day: string; readonly instant: Date }[],
): Promise<Set<number>> {
  const rows = await tx.rows<{ position: number }>(LOW_INCOME, [
    accountId,
    days.map(({ day }) => day),
    days.map(({ instant }) => instant),
  ]);
  return new Set(rows.map(({ position }) => position - 1));
}

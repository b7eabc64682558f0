import { statement, type Tx } from '../platform/database.js';

/** One stretch of an installation inside a billing period, with the register at both ends as far as it is known. */
export interface BillingStretch {
  readonly servicePointId: string;
  readonly accountId: string;
  readonly accountNumber: string;
  readonly currency: string;
  readonly tariffCode: string;
  /** First local day not billed yet; null: from the installation's first day. */
  readonly billedUntil: string | null;
  readonly installationId: string;
  readonly installedAt: Date;
  readonly removedAt: Date | null;
  readonly installedWh: bigint;
  readonly removedWh: bigint | null;
  /** Billed so far at this service point, by readings and by estimates. */
  readonly billedWh: bigint;
  /** Billed since 1 January, and since the first of the month, of the first day not billed yet. */
  readonly usedInYearWh: bigint;
  readonly usedInMonthWh: bigint;
}

const STRETCHES = statement(
  'billing-stretches',
  `SELECT sp.id AS "servicePointId", a.id AS "accountId", a.account_number AS "accountNumber", a.currency, a.tariff_code AS "tariffCode",
          b.billed_until AS "billedUntil", i.id AS "installationId", i.installed_at AS "installedAt", i.removed_at AS "removedAt",
          i.installed_wh AS "installedWh", i.removed_wh AS "removedWh", coalesce(b.billed_wh, 0)::bigint AS "billedWh", coalesce(u.year_wh, 0)::bigint AS "usedInYearWh", coalesce(u.month_wh, 0)::bigint AS "usedInMonthWh"
   FROM service_point sp
   JOIN account a ON a.id = sp.account_id AND a.closed_at IS NULL
   JOIN meter_installation i ON i.service_point_id = sp.id
   LEFT JOIN LATERAL (SELECT max(period_to) AS billed_until, sum(energy_wh) AS billed_wh FROM bill WHERE bill.service_point_id = sp.id) b ON true
   LEFT JOIN LATERAL (
     SELECT sum(energy_wh) AS year_wh, sum(energy_wh) FILTER (WHERE period_from >= date_trunc('month', b.billed_until)) AS month_wh
     FROM bill WHERE bill.service_point_id = sp.id AND period_from >= date_trunc('year', b.billed_until)) u ON true
   WHERE sp.district_id = $1 AND i.installed_at < $2
     AND (b.billed_until IS NULL OR b.billed_until < $3::date)
     AND sp.id > $4
   ORDER BY sp.id, i.installed_at LIMIT $5`,
);

/**
 * Service points of a district that have unbilled days before `periodTo`, a page of them: one row per installation.
 */
export const billingStretches = (
  tx: Pick<Tx, 'rows'>,
  page: {
    readonly districtId: string;
    readonly until: Date;
    readonly periodTo: string;
    readonly after: string;
    readonly limit: number;
  },
): Promise<BillingStretch[]> =>
  tx.rows<BillingStretch>(STRETCHES, [page.districtId, page.until, page.periodTo, page.after, page.limit]);

/** The usable readings on both sides of an instant. */
export interface RegisterAround {
  readonly beforeAt: Date | null;
  readonly beforeWh: bigint | null;
  readonly beforeQuality: string | null;
  readonly afterAt: Date | null;
  readonly afterWh: bigint | null;
}

const AROUND = statement(
  'billing-register-around',
  `SELECT b.read_at AS "beforeAt", b.energy_wh AS "beforeWh", b.quality AS "beforeQuality", n.read_at AS "afterAt", n.energy_wh AS "afterWh"
   FROM unnest($1::uuid[], $2::timestamptz[]) WITH ORDINALITY AS w (installation_id, instant, position)
   JOIN meter_installation i ON i.id = w.installation_id
   LEFT JOIN LATERAL (
     SELECT read_at, energy_wh, quality FROM reading r WHERE r.meter_id = i.meter_id AND r.installation_id = i.id AND r.usable AND r.read_at <= w.instant
     ORDER BY r.read_at DESC, r.quality LIMIT 1) b ON true
   LEFT JOIN LATERAL (
     SELECT read_at, energy_wh FROM reading r WHERE r.meter_id = i.meter_id AND r.installation_id = i.id AND r.usable AND r.read_at > w.instant
     ORDER BY r.read_at, r.quality LIMIT 1) n ON true
   ORDER BY w.position`,
);

/** For each (installation, instant) the readings around it, in the order asked. */
export const registersAround = (
  tx: Pick<Tx, 'rows'>,
  wanted: readonly { readonly installationId: string; readonly instant: Date }[],
): Promise<RegisterAround[]> =>
  wanted.length === 0
    ? Promise.resolve([])
    : tx.rows<RegisterAround>(AROUND, [wanted.map((w) => w.installationId), wanted.map((w) => w.instant)]);

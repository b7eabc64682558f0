import type { Actor } from '../platform/audit.js';
import { statement, type Reader, type Tx } from '../platform/database.js';
import type { DistrictFacts } from './outage-policy.js';
import type { OutageKind, OutageScope } from './outage.js';

/** An outage that holds at a service point. */
export interface OutageAt {
  readonly outageId: string;
  readonly servicePointId: string;
  readonly kind: OutageKind;
  readonly scope: OutageScope;
  readonly reason: string;
  readonly startedAt: Date;
  /** Planned: the announced end. */
  readonly expectedEndAt: Date | null;
}

// A fault lasts until it is seen to be over; a planned outage for the time announced.
const AT = statement(
  'outages-at',
  `SELECT DISTINCT ON (p.id) p.id AS "servicePointId", o.id AS "outageId", o.kind, o.scope, o.reason, o.started_at AS "startedAt", o.expected_end_at AS "expectedEndAt"
   FROM service_point p JOIN outage o ON o.district_id = p.district_id AND o.ended_at IS NULL AND (o.service_point_id IS NULL OR o.service_point_id = p.id)
   WHERE p.id = ANY($1::uuid[]) AND o.started_at <= $2 AND (o.kind = 'FAULT' OR o.expected_end_at > $2)
   ORDER BY p.id, (o.kind = 'FAULT') DESC, (o.scope = 'DISTRICT') DESC, o.started_at`,
);

/** The outage that holds at each of these service points at `at`, by service point; a fault before a planned one, the district's before the point's own. */
export async function openOutagesAt(
  reader: Reader,
  servicePointIds: readonly string[],
  at: Date,
): Promise<Map<string, OutageAt>> {
  if (servicePointIds.length === 0) return new Map();
  return new Map((await reader.rows<OutageAt>(AT, [servicePointIds, at])).map((one) => [one.servicePointId, one]));
}

/** A meter's last word is that its supply goes: neither its return nor a state was heard since. Times are the meter's own clock. */
export const IS_DARK = `m.last_gasp_at > coalesce(m.power_on_at, '-infinity') AND m.last_gasp_at > coalesce(m.reported_meter_at, '-infinity')`;

/** The facts of one district, with what is on record of it. */
export interface JudgedDistrict extends DistrictFacts {
  readonly districtId: string;
  readonly outageId: string | null;
}

const DISTRICT_FACTS = statement(
  'outage-district-facts',
  `SELECT d.id AS "districtId", coalesce(x.meters, 0) AS meters, coalesce(x.dark, 0) AS dark,
          (SELECT count(*)::int FROM gateway g WHERE g.district_id = d.id AND g.kind = 'CONCENTRATOR' AND g.online = false AND g.offline_cause = 'LAST_GASP') AS "concentratorsDark",
          (SELECT count(*)::int FROM gateway g WHERE g.district_id = d.id AND g.online = false AND g.offline_cause IS NULL) AS "gatewaysOffline",
          (SELECT o.id FROM outage o WHERE o.district_id = d.id AND o.kind = 'FAULT' AND o.scope = 'DISTRICT' AND o.ended_at IS NULL) AS "outageId"
   FROM transformer_district d LEFT JOIN LATERAL (
     SELECT count(*)::int AS meters, (count(*) FILTER (WHERE ${IS_DARK}))::int AS dark
     FROM gateway g JOIN meter m ON m.gateway_id = g.id JOIN meter_installation i ON i.meter_id = m.id AND i.removed_at IS NULL
     WHERE g.district_id = d.id) x ON true
   WHERE d.id = ANY($1::uuid[]) ORDER BY d.id FOR NO KEY UPDATE OF d`,
);

/** What is known of these districts; locks them, so that one outage is opened once. */
export const lockDistrictFacts = (tx: Tx, districtIds: readonly string[]): Promise<JudgedDistrict[]> =>
  districtIds.length === 0 ? Promise.resolve([]) : tx.rows(DISTRICT_FACTS, [districtIds]);

/** A fault to be put on record. */
export interface NewFault {
  readonly id: string;
  readonly districtId: string;
  readonly servicePointId: string | null;
  readonly reason: string;
  readonly evidence: Readonly<Record<string, unknown>>;
}

const OPEN = statement(
  'outage-open',
  `WITH opened AS (
     INSERT INTO outage (id, kind, scope, district_id, service_point_id, started_at, evidence, reason, recorded_at, recorded_by)
     SELECT id, 'FAULT', CASE WHEN "servicePointId" IS NULL THEN 'DISTRICT' ELSE 'SERVICE_POINT' END, "districtId", "servicePointId", $2, evidence, reason, $2, $4
     FROM jsonb_to_recordset($1::jsonb) AS f (id uuid, "districtId" uuid, "servicePointId" uuid, reason text, evidence jsonb) ORDER BY id
     ON CONFLICT DO NOTHING RETURNING id, scope, service_point_id, reason, evidence),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, service_point_id, to_state, reason, detail)
     SELECT $2, $3, $4, 'outage.opened', 'Outage', id, service_point_id, scope, reason, evidence FROM opened)
   SELECT id FROM opened`,
);

/** Puts faults on record; one that is open already stays the only one. Returns the ids of new ones. */
export async function openFaults(
  tx: Tx,
  faults: readonly NewFault[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<string[]> {
  if (faults.length === 0) return [];
  const rows = await tx.rows<{ id: string }>(OPEN, [JSON.stringify(faults), by.at, by.actor.kind, by.actor.id]);
  return rows.map(({ id }) => id);
}

const END = (where: string): string => `WITH ended AS (
     UPDATE outage o SET ended_at = greatest($2, o.started_at), ended_by = $4 WHERE o.ended_at IS NULL AND ${where}
     RETURNING o.id, o.scope, o.service_point_id, o.district_id),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, service_point_id, from_state, to_state, reason)
     SELECT $2, $3, $4, 'outage.ended', 'Outage', id, service_point_id, scope, NULL, $5 FROM ended)
   SELECT id, district_id AS "districtId" FROM ended`;
const END_BY_IDS = statement('outage-end', END('o.id = ANY($1::uuid[])'));
const END_POINTS_LIT = statement(
  'outage-end-points',
  END(`o.district_id = ANY($1::uuid[]) AND o.kind = 'FAULT' AND o.scope = 'SERVICE_POINT'
       AND NOT EXISTS (SELECT FROM meter_installation i JOIN meter m ON m.id = i.meter_id
                       WHERE i.service_point_id = o.service_point_id AND i.removed_at IS NULL AND ${IS_DARK})`),
);
const END_POINTS_OF = statement(
  'outage-end-points-of',
  END(`o.district_id = ANY($1::uuid[]) AND o.kind = 'FAULT' AND o.scope = 'SERVICE_POINT'`),
);

type By = { readonly actor: Actor; readonly at: Date; readonly reason: string };
type Ended = { readonly id: string; readonly districtId: string };
const end = (tx: Tx, sql: typeof END_BY_IDS, ids: readonly string[], by: By): Promise<Ended[]> =>
  ids.length === 0 ? Promise.resolve([]) : tx.rows(sql, [ids, by.at, by.actor.kind, by.actor.id, by.reason]);

/** Ends outages by id. */
export const endOutages = (tx: Tx, ids: readonly string[], by: By): Promise<Ended[]> => end(tx, END_BY_IDS, ids, by);

/** Ends the faults of single points of these districts whose meter has been heard again. */
export const endLitPoints = (tx: Tx, districtIds: readonly string[], by: By): Promise<Ended[]> =>
  end(tx, END_POINTS_LIT, districtIds, by);

/** Ends the faults of single points of these districts: they belong to the district's own. */
export const endPointsOf = (tx: Tx, districtIds: readonly string[], by: By): Promise<Ended[]> =>
  end(tx, END_POINTS_OF, districtIds, by);

const DARK_POINTS = statement(
  'outage-dark-points',
  `SELECT g.district_id AS "districtId", i.service_point_id AS "servicePointId", m.serial, m.last_gasp_at AS "lastGaspAt"
   FROM gateway g JOIN meter m ON m.gateway_id = g.id AND ${IS_DARK} JOIN meter_installation i ON i.meter_id = m.id AND i.removed_at IS NULL
   WHERE g.district_id = ANY($1::uuid[]) AND NOT EXISTS (
     SELECT FROM outage o WHERE o.service_point_id = i.service_point_id AND o.kind = 'FAULT' AND o.ended_at IS NULL)`,
);

/** Service points of these districts whose meter is dark and of which no fault is on record. */
export const darkPoints = (
  tx: Tx,
  districtIds: readonly string[],
): Promise<{ districtId: string; servicePointId: string; serial: string; lastGaspAt: Date }[]> =>
  districtIds.length === 0 ? Promise.resolve([]) : tx.rows(DARK_POINTS, [districtIds]);

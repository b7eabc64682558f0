import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import type { SwitchOrder } from './dispatch.js';
import { URGENT_REASONS } from './interruption.js';

/** A kind of protection that forbids a cut under the policy of these customers. */
export interface ProtectionRule {
  readonly customerClass: string;
  readonly paymentMode: string;
  readonly kind: string;
  /** False: it protects past its date, until somebody has ended it. */
  readonly expires: boolean;
  /** The local day of the policy's place. */
  readonly today: string;
}

/** Which meters to look at; none given: all. */
export interface ProtectionScope {
  readonly meterIds?: readonly string[];
  readonly customerId?: string;
}

const URGENT = URGENT_REASONS.map((reason) => `'${reason}'`).join(', ');

/** Due: a protection in force forbids the cut, and no danger (or proven theft) is being cut off or keeps the power off. */
const WANTED = `WITH rule AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS r ("customerClass" text, "paymentMode" text, kind text, expires boolean, today date)),
   point AS (
     SELECT m.id AS meter_id, i.id AS installation_id, sp.id AS service_point_id, sp.account_id, m.reported_protected,
       EXISTS (SELECT FROM protection p JOIN rule r ON r.kind = p.kind AND r."customerClass" = k.customer_class AND r."paymentMode" = a.payment_mode
               WHERE p.customer_id = k.id AND p.ended_at IS NULL AND (NOT r.expires OR p.valid_until IS NULL OR p.valid_until >= r.today))
       AND NOT EXISTS (SELECT FROM switch_command c WHERE c.meter_id = m.id AND c.operation = 'CUT' AND c.ended_at IS NULL AND c.reason IN (${URGENT}))
       AND NOT EXISTS (SELECT FROM interruption x WHERE x.service_point_id = sp.id AND x.closed_at IS NULL AND x.reason IN (${URGENT})) AS due,
       EXISTS (SELECT FROM interruption x WHERE x.service_point_id = sp.id AND x.closed_at IS NULL) AS off
     FROM meter m JOIN meter_installation i ON i.meter_id = m.id AND i.removed_at IS NULL JOIN service_point sp ON sp.id = i.service_point_id
     JOIN account a ON a.id = sp.account_id JOIN customer k ON k.id = a.customer_id
     WHERE ($2::uuid[] IS NULL OR m.id = ANY($2)) AND ($3::uuid IS NULL OR k.id = $3)
       AND (m.reported_protected OR EXISTS (SELECT FROM protection p WHERE p.customer_id = k.id AND p.ended_at IS NULL)
            OR EXISTS (SELECT FROM protection_order o WHERE o.meter_id = m.id AND o.state IN ('QUEUED', 'SENT'))))`;

const DUE = statement('protection-order-due', `${WANTED} SELECT meter_id AS "meterId" FROM point WHERE due`);

/** Those of these meters at which protection is due now, whatever they report. */
export async function protectionDueAt(
  reader: Pick<Tx, 'rows'>,
  rules: readonly ProtectionRule[],
  meterIds: readonly string[],
): Promise<Set<string>> {
  const rows = await reader.rows<{ meterId: string }>(DUE, [JSON.stringify(rules), meterIds, null]);
  return new Set(rows.map(({ meterId }) => meterId));
}

// An open order that is not wanted any more is withdrawn: what follows has a greater sequence.
const WITHDRAW = statement(
  'protection-order-withdraw',
  `${WANTED},
   ended AS (
     UPDATE protection_order o SET state = 'WITHDRAWN', ended_at = $4 FROM point p
     WHERE o.meter_id = p.meter_id AND o.state IN ('QUEUED', 'SENT')
       AND (o.installation_id <> p.installation_id OR (o.operation = 'PROTECT') <> p.due)
     RETURNING o.id, o.account_id, o.service_point_id, o.operation)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, detail)
   SELECT $4, $5, $6, 'protection-order.withdrawn', 'ProtectionOrder', id, account_id, service_point_id, 'WITHDRAWN', jsonb_build_object('operation', operation) FROM ended`,
);
// Protecting closes the relay: it is ordered only where power is due. A meter that cannot is not asked again.
const ORDER = statement(
  'protection-order-insert',
  `${WANTED},
   ordered AS (
     INSERT INTO protection_order (id, account_id, service_point_id, meter_id, installation_id, operation, state, ordered_at, reason)
     SELECT gen_random_uuid(), p.account_id, p.service_point_id, p.meter_id, p.installation_id, CASE WHEN p.due THEN 'PROTECT' ELSE 'UNPROTECT' END, 'QUEUED', $4, $7
     FROM point p WHERE p.due <> p.reported_protected AND NOT (p.due AND p.off)
       AND NOT EXISTS (SELECT FROM protection_order o WHERE o.installation_id = p.installation_id AND o.state = 'FAILED')
     ORDER BY p.meter_id
     ON CONFLICT (meter_id) WHERE state IN ('QUEUED', 'SENT') DO NOTHING
     RETURNING id, meter_id, account_id, service_point_id, operation),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, reason, detail)
     SELECT $4, $5, $6, 'protection-order.ordered', 'ProtectionOrder', id, account_id, service_point_id, 'QUEUED', $7, jsonb_build_object('operation', operation) FROM ordered)
   SELECT id FROM ordered`,
);

/**
 * Holds what customers' protections ask for against what meters report, and orders what is missing. Set-based; twice is once. Returns the ids of
 * new orders.
 */
export async function orderProtection(
  tx: Tx,
  rules: readonly ProtectionRule[],
  scope: ProtectionScope,
  by: { readonly actor: Actor; readonly at: Date; readonly reason: string },
): Promise<string[]> {
  const common = [
    JSON.stringify(rules),
    scope.meterIds ?? null,
    scope.customerId ?? null,
    by.at,
    by.actor.kind,
    by.actor.id,
  ];
  await tx.rows(WITHDRAW, common);
  return (await tx.rows<{ id: string }>(ORDER, [...common, by.reason])).map(({ id }) => id);
}

/** First wait for the meter's word, doubled at every try up to the longest; wall-clock ms. */
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 6 * 3_600_000;
/** Where it may not be sent now it is looked at again after this, wall-clock ms. */
const NOT_NOW_MS = 60_000;

// Restores go first: nothing is claimed while one waits to be sent.
const CLAIM = statement(
  'protection-order-claim',
  `SELECT o.id, o.meter_id AS "meterId" FROM protection_order o
   WHERE o.state IN ('QUEUED', 'SENT') AND o.next_attempt_wall_at <= clock_timestamp()
     AND NOT EXISTS (SELECT FROM switch_command c WHERE c.state = 'QUEUED' AND c.operation = 'RESTORE' AND c.attention_wall_at <= clock_timestamp()
                     AND NOT EXISTS (SELECT FROM interruption i WHERE i.service_point_id = c.service_point_id AND i.closed_at IS NULL))
   ORDER BY o.next_attempt_wall_at LIMIT $1 FOR UPDATE OF o SKIP LOCKED`,
);
const LOCK_METERS = statement(
  'protection-order-lock-meters',
  `SELECT id FROM meter WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`,
);
// Decided under the meter's row lock with a look taken after it was had: a cut opens its interruption in the transaction that took its sequence.
const SEND = statement(
  'protection-order-send',
  `WITH looked AS (
     SELECT o.id, m.reported_protected = (o.operation = 'PROTECT') AND m.reported_sequence >= coalesce(o.sequence, 0) AS done,
       coalesce(g.online, true) AND i.removed_at IS NULL AND m.credentials_refused_at IS NULL
         AND NOT (o.operation = 'PROTECT' AND EXISTS (SELECT FROM interruption x WHERE x.service_point_id = o.service_point_id AND x.closed_at IS NULL))
         AND NOT EXISTS (SELECT FROM switch_command c WHERE c.meter_id = m.id AND c.state IN ('SENT', 'ACCEPTED', 'ARMED', 'UNKNOWN')) AS may,
       -- An order that the meter may not have heard keeps its number, so that a silent meter's numbers do not run away from it.
       CASE WHEN o.sequence = m.sequence AND o.refusal IS DISTINCT FROM 'SEQUENCE' THEN o.sequence ELSE m.sequence + 1 END AS sequence
     FROM protection_order o JOIN meter m ON m.id = o.meter_id JOIN gateway g ON g.id = m.gateway_id JOIN meter_installation i ON i.id = o.installation_id
     WHERE o.id = ANY($1::uuid[])),
   numbered AS (
     UPDATE meter m SET sequence = l.sequence FROM looked l JOIN protection_order o ON o.id = l.id WHERE m.id = o.meter_id AND l.may AND NOT l.done),
   moved AS (
     UPDATE protection_order o SET
       state = CASE WHEN l.done THEN 'VERIFIED' WHEN l.may THEN 'SENT' ELSE o.state END,
       ended_at = CASE WHEN l.done THEN $2 ELSE o.ended_at END,
       sequence = CASE WHEN l.may AND NOT l.done THEN l.sequence ELSE o.sequence END,
       sent_at = CASE WHEN l.may AND NOT l.done THEN $2 ELSE o.sent_at END,
       not_after = CASE WHEN l.may AND NOT l.done THEN $3 ELSE o.not_after END,
       refusal = CASE WHEN l.may AND NOT l.done THEN NULL ELSE o.refusal END,
       attempts = o.attempts + CASE WHEN l.may AND NOT l.done THEN 1 ELSE 0 END,
       next_attempt_wall_at = clock_timestamp() + make_interval(secs =>
         CASE WHEN l.may THEN least(${FIRST_WAIT_MS} * 2 ^ least(o.attempts, 20), ${LONGEST_WAIT_MS}) ELSE ${NOT_NOW_MS} END / 1000.0)
     FROM looked l WHERE o.id = l.id RETURNING o.*, l.may AND NOT l.done AS sent),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, detail)
     SELECT $2, $4, $5, 'protection-order.' || lower(state), 'ProtectionOrder', id, account_id, service_point_id, state,
            jsonb_build_object('operation', operation, 'sequence', sequence, 'attempt', attempts)
     FROM moved WHERE sent OR state = 'VERIFIED')
   SELECT s.id AS "commandId", g.gateway_number AS "gatewayNumber", m.serial, m.codec, m.security_class AS "securityClass", m.credentials_refused_at IS NOT NULL AS "credentialsRefused", s.installation_id AS "installationId", a.account_number AS "accountNumber",
          p.service_point_number AS "servicePointNumber", s.operation, 'DIRECT' AS mode, 'PROTECTION' AS reason, s.sequence, $2::timestamptz AS "issuedAt",
          s.not_after AS "notAfter"
   FROM moved s JOIN meter m ON m.id = s.meter_id JOIN gateway g ON g.id = m.gateway_id JOIN account a ON a.id = s.account_id
   JOIN service_point p ON p.id = s.service_point_id WHERE s.sent`,
);

/** Marks up to `limit` protection orders that are due as SENT and returns what to publish once this has committed. */
export async function sendProtectionOrders(
  tx: Tx,
  times: { readonly at: Date; readonly notAfter: Date },
  by: Actor,
  limit: number,
): Promise<SwitchOrder[]> {
  const claimed = await tx.rows<{ id: string; meterId: string }>(CLAIM, [limit]);
  if (claimed.length === 0) return [];
  await tx.rows(LOCK_METERS, [claimed.map(({ meterId }) => meterId)]);
  return tx.rows<SwitchOrder>(SEND, [claimed.map(({ id }) => id), times.at, times.notAfter, by.kind, by.id]);
}

const SETTLE = statement(
  'protection-order-settle',
  `WITH proven AS (
     SELECT o.id FROM protection_order o JOIN meter m ON m.id = o.meter_id
     WHERE o.meter_id = ANY($1::uuid[]) AND o.state IN ('QUEUED', 'SENT') AND m.reported_protected = (o.operation = 'PROTECT')
       AND m.reported_sequence >= coalesce(o.sequence, 0) ORDER BY o.id FOR UPDATE OF o SKIP LOCKED),
   ended AS (
     UPDATE protection_order o SET state = 'VERIFIED', ended_at = $2 FROM proven p WHERE o.id = p.id RETURNING o.*)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, detail)
   SELECT $2, $3, $4, 'protection-order.verified', 'ProtectionOrder', id, account_id, service_point_id, 'VERIFIED', jsonb_build_object('operation', operation)
   FROM ended RETURNING subject_id AS id`,
);
/** These meters have just spoken: orders that their word proves are done. Returns their ids. */
export async function settleProtection(
  tx: Tx,
  meterIds: readonly string[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<string[]> {
  if (meterIds.length === 0) return [];
  const rows = await tx.rows<{ id: string }>(SETTLE, [meterIds, by.at, by.actor.kind, by.actor.id]);
  return rows.map(({ id }) => id);
}

// UNSUPPORTED will not change; anything else is tried again when its wait is over, a wrong number at once.
const REFUSED = statement(
  'protection-order-refused',
  `WITH said AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, refusal text)),
   moved AS (
     UPDATE protection_order o SET refusal = s.refusal,
       state = CASE WHEN s.refusal = 'UNSUPPORTED' THEN 'FAILED' ELSE o.state END,
       ended_at = CASE WHEN s.refusal = 'UNSUPPORTED' THEN $2 ELSE o.ended_at END,
       next_attempt_wall_at = CASE WHEN s.refusal = 'SEQUENCE' AND o.attempts < 5 THEN clock_timestamp() ELSE o.next_attempt_wall_at END
     FROM said s WHERE o.id = s.id AND o.state = 'SENT' RETURNING o.*)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, reason)
   SELECT $2, $3, $4, 'protection-order.refused', 'ProtectionOrder', id, account_id, service_point_id, state, refusal FROM moved`,
);
/** Meters refused these orders. */
export async function refuseProtection(
  tx: Tx,
  refusals: readonly { readonly id: string; readonly refusal: string }[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  if (refusals.length > 0) await tx.rows(REFUSED, [JSON.stringify(refusals), by.at, by.actor.kind, by.actor.id]);
}

const NEXT = statement(
  'protection-order-next',
  `SELECT extract(epoch FROM min(next_attempt_wall_at) - clock_timestamp())::float8 * 1000 AS "waitMs" FROM protection_order WHERE state IN ('QUEUED', 'SENT')`,
);

/** Wall-clock ms until an order wants to be sent (negative: overdue); undefined: none is open. */
export const nextProtectionMs = async (reader: Pick<Tx, 'rows'>): Promise<number | undefined> =>
  (await reader.rows<{ waitMs: number | null }>(NEXT))[0]?.waitMs ?? undefined;

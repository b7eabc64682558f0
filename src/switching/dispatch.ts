import { statement, type Tx } from '../platform/database.js';
import { CLOCK_TOLERANCE_MS } from '../metering/meters.js';
import type { InterruptionReason } from './interruption.js';

/** A command that has just become SENT in the open transaction: all that goes on the wire. */
export interface SwitchOrder {
  readonly commandId: string;
  readonly gatewayNumber: string;
  readonly serial: string;
  readonly codec: 'JSON' | 'DLT645';
  /** How a DL/T 645 meter knows that we may; absent: by password. */
  readonly securityClass?: 'PASSWORD' | 'CIPHER';
  /** The meter has refused our password, and nobody has put that right yet: a switch order would only lock it. */
  readonly credentialsRefused?: boolean;
  readonly installationId: string;
  readonly accountNumber: string;
  readonly servicePointNumber: string;
  /** Protection (保电) is no command of the relay, and travels like one. */
  readonly operation: 'CUT' | 'RESTORE' | 'PROTECT' | 'UNPROTECT';
  readonly mode: 'DIRECT' | 'ARM';
  readonly reason: InterruptionReason | 'PROTECTION';
  readonly sequence: bigint;
  readonly issuedAt: Date;
  readonly notAfter: Date;
}

/** A question to a meter: its state now. */
export interface ReadOrder {
  readonly requestId: string;
  readonly gatewayNumber: string;
  readonly serial: string;
  readonly codec: 'JSON' | 'DLT645';
  /** Its clock is not known, or known to be wrong: a meter that does not tell it with each answer is asked for it. */
  readonly clockInDoubt?: boolean;
  /** Instead of its state: registers at the beginning of these local days. */
  readonly midnights?: readonly string[];
}

// Takes the sequence under the meter's row lock. A resend of the same, never accepted order keeps its number: if the first
// copy turns up late, the meter sees a duplicate and not a second order.
const SEND = (due: string) => `WITH due AS (${due}),
   numbered AS (
     UPDATE meter m SET sequence = m.sequence + CASE WHEN due.sequence IS NULL THEN 1 ELSE 0 END
     FROM due WHERE m.id = due.meter_id
     RETURNING m.id, m.serial, m.codec, m.security_class, m.credentials_refused_at, m.gateway_id, coalesce(due.sequence, m.sequence) AS sequence,
               -- A meter whose clock runs ahead would take a restore for expired.
               CASE due.operation WHEN 'RESTORE' THEN greatest(m.clock_offset_ms, 0) ELSE 0 END AS allowance_ms),
   sent AS (
     UPDATE switch_command c SET state = 'SENT', sequence = n.sequence, attempts = c.attempts + 1, sent_at = $1,
       not_after = $2::timestamptz + make_interval(secs => n.allowance_ms::float8 / 1000),
       attention_wall_at = clock_timestamp() + make_interval(secs => $3::float8 / 1000)
     FROM due, numbered n WHERE c.id = due.id AND n.id = due.meter_id
     RETURNING c.id, c.account_id, c.service_point_id, c.installation_id, c.operation, c.mode, c.reason, c.sequence, c.attempts,
               c.not_after, n.serial, n.codec, n.security_class, n.credentials_refused_at, n.gateway_id),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, detail)
     SELECT $1, 'SYSTEM', 'dispatch', 'switch-command.moved', 'SwitchCommand', id, account_id, service_point_id, 'QUEUED', 'SENT',
            jsonb_build_object('sequence', sequence, 'attempt', attempts, 'notAfter', not_after)
     FROM sent)
   SELECT s.id AS "commandId", g.gateway_number AS "gatewayNumber", s.serial, s.codec,
          s.security_class AS "securityClass", s.credentials_refused_at IS NOT NULL AS "credentialsRefused", s.installation_id AS "installationId",
          a.account_number AS "accountNumber", p.service_point_number AS "servicePointNumber", s.operation, s.mode, s.reason,
          s.sequence, $1::timestamptz AS "issuedAt", s.not_after AS "notAfter"
   FROM sent s JOIN gateway g ON g.id = s.gateway_id JOIN account a ON a.id = s.account_id JOIN service_point p ON p.id = s.service_point_id`;

const SEND_RESTORES = statement(
  'dispatch-send-restores',
  SEND(`SELECT c.id, c.meter_id, c.sequence, c.operation FROM switch_command c
     WHERE c.state = 'QUEUED' AND c.priority = 10 AND c.operation = 'RESTORE' AND c.attention_wall_at <= clock_timestamp()
       AND NOT EXISTS (SELECT FROM interruption i WHERE i.service_point_id = c.service_point_id AND i.closed_at IS NULL)
     ORDER BY c.attention_wall_at LIMIT $4 FOR UPDATE OF c SKIP LOCKED`),
);
const SEND_ONE = statement(
  'dispatch-send-one',
  SEND(`SELECT c.id, c.meter_id, c.sequence, c.operation FROM switch_command c WHERE c.id = $4 AND c.state = 'QUEUED'`),
);

interface SendTimes {
  readonly at: Date;
  /** Product instant after which the meter must refuse. */
  readonly notAfter: Date;
  readonly ackTimeoutMs: number;
}

/**
 * Moves up to `limit` queued restores to SENT, oldest first, and returns what to publish once this has committed.
 * Restores whose service point has an open interruption stay where they are: power is not due there.
 */
export const sendQueuedRestores = (reader: Pick<Tx, 'rows'>, times: SendTimes, limit: number): Promise<SwitchOrder[]> =>
  reader.rows<SwitchOrder>(SEND_RESTORES, [times.at, times.notAfter, times.ackTimeoutMs, limit]);

/** Moves one command, locked by the caller in state QUEUED, to SENT. */
export async function sendCommand(tx: Tx, commandId: string, times: SendTimes): Promise<SwitchOrder | undefined> {
  return (await tx.rows<SwitchOrder>(SEND_ONE, [times.at, times.notAfter, times.ackTimeoutMs, commandId]))[0];
}

/** A cut that waits to be sent, and what the guard's budget looks at. */
export interface QueuedCut {
  readonly id: string;
  readonly accountId: string;
  /** Null: a single cut. */
  readonly batchId: string | null;
  readonly reason: InterruptionReason;
  readonly requestedBy: string;
  /** Code of the transformer district (台区) of its service point. */
  readonly district: string;
}

const QUEUED_CUTS = statement(
  'dispatch-queued-cuts',
  `SELECT c.id, c.account_id AS "accountId", c.batch_id AS "batchId", c.reason, d.code AS district,
          -- For a batch its approver answers: the proposals of a whole company come from one schedule.
          CASE WHEN c.batch_id IS NULL THEN c.requested_by ELSE coalesce(c.approved_by, c.requested_by) END AS "requestedBy"
   FROM switch_command c JOIN service_point p ON p.id = c.service_point_id JOIN transformer_district d ON d.id = p.district_id
   WHERE c.state = 'QUEUED' AND c.operation = 'CUT' AND c.attention_wall_at <= clock_timestamp() AND c.give_up_wall_at > clock_timestamp()
     AND (c.not_before IS NULL OR c.not_before <= $2)
   ORDER BY c.attention_wall_at LIMIT $1`,
);

/** Queued cuts whose announced time has come at `at`, oldest first, not locked: each is decided again under its account's lock before it is sent. */
export const queuedCuts = (reader: Pick<Tx, 'rows'>, at: Date, limit: number): Promise<QueuedCut[]> =>
  reader.rows(QUEUED_CUTS, [limit, at]);

const POSTPONE_CUT = statement(
  'dispatch-postpone-cut',
  `UPDATE switch_command SET attention_wall_at = clock_timestamp() + make_interval(secs => $2::float8 / 1000)
   WHERE id = $1 AND state = 'QUEUED' AND operation = 'CUT'`,
);

/** A queued cut for which there is no room yet lets the others pass and is looked at again after `waitMs` of wall time. */
export async function postponeCut(reader: Pick<Tx, 'rows'>, commandId: string, waitMs: number): Promise<void> {
  await reader.rows(POSTPONE_CUT, [commandId, waitMs]);
}

const CLAIM_OVERDUE = statement(
  'dispatch-claim-overdue',
  `SELECT c.id, g.gateway_number AS "gatewayNumber", m.serial, m.codec, abs(m.clock_offset_ms) > ${CLOCK_TOLERANCE_MS} AS "clockInDoubt",
          EXISTS (SELECT FROM interruption i WHERE i.service_point_id = c.service_point_id AND i.closed_at IS NULL) AS interrupted
   FROM switch_command c JOIN meter m ON m.id = c.meter_id JOIN gateway g ON g.id = m.gateway_id
   WHERE (c.state IN ('SENT', 'ACCEPTED', 'ARMED', 'UNKNOWN') AND c.attention_wall_at <= clock_timestamp())
      OR (c.state = 'QUEUED' AND c.attention_wall_at <= clock_timestamp() AND c.give_up_wall_at <= clock_timestamp())
   ORDER BY c.priority, c.attention_wall_at LIMIT $1 FOR UPDATE OF c SKIP LOCKED`,
);

/** Claims open commands whose wait is over; the lock keeps other workers off until the transaction ends. */
export const claimOverdue = (
  tx: Tx,
  limit: number,
): Promise<(Omit<ReadOrder, 'requestId'> & { readonly id: string; readonly interrupted: boolean })[]> =>
  tx.rows(CLAIM_OVERDUE, [limit]);

const NEXT_ATTENTION = statement(
  'dispatch-next-attention',
  // A queued cut waits for its announced time, a kill switch, a batch: it wants attention here only when its time is up.
  `SELECT extract(epoch FROM min(CASE WHEN state = 'QUEUED' AND operation = 'CUT' THEN give_up_wall_at ELSE attention_wall_at END) - clock_timestamp())::float8 * 1000 AS "waitMs"
   FROM switch_command WHERE state IN ('QUEUED', 'SENT', 'ACCEPTED', 'ARMED', 'UNKNOWN')`,
);

/** Wall-clock ms until some open command wants attention (negative: overdue), undefined if none is open. */
export async function nextAttentionMs(tx: Pick<Tx, 'rows'>): Promise<number | undefined> {
  return (await tx.rows<{ waitMs: number | null }>(NEXT_ATTENTION))[0]?.waitMs ?? undefined;
}

const HASTEN = statement(
  'dispatch-hasten',
  `UPDATE switch_command c SET attention_wall_at = clock_timestamp()
   FROM meter m WHERE m.id = c.meter_id AND m.gateway_id = ANY($1::uuid[]) AND c.state = 'UNKNOWN'`,
);

/** These gateways are back on the line: commands with an unknown outcome behind them are asked about now, not when their wait ends. */
export async function hastenUnknown(tx: Tx, gatewayIds: readonly string[]): Promise<void> {
  if (gatewayIds.length > 0) await tx.rows(HASTEN, [gatewayIds]);
}

const HASTEN_METERS = statement(
  'dispatch-hasten-meters',
  `UPDATE switch_command SET attention_wall_at = clock_timestamp() WHERE meter_id = ANY($1::uuid[]) AND state IN ('UNKNOWN', 'ARMED')`,
);

/** Something was heard of these meters that only they can prove: their commands are asked about now. */
export async function hastenCommandsOf(tx: Tx, meterIds: readonly string[]): Promise<void> {
  if (meterIds.length > 0) await tx.rows(HASTEN_METERS, [meterIds]);
}

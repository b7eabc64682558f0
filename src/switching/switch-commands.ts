import { assert } from '../platform/errors.js';
import { statement, type Tx } from '../platform/database.js';
import type { Actor } from '../platform/audit.js';
import { mayMove, OPEN_STATES, PRIORITY, type ReconnectModeReason, type SwitchCommandState } from './switch-command.js';
import type { InterruptionReason } from './interruption.js';

/** A command as flows see it under lock. */
export interface LockedCommand {
  readonly id: string;
  readonly accountId: string;
  readonly servicePointId: string;
  readonly meterId: string;
  readonly installationId: string;
  readonly operation: 'CUT' | 'RESTORE';
  readonly mode: 'DIRECT' | 'ARM';
  readonly reason: InterruptionReason;
  readonly state: SwitchCommandState;
  readonly sequence: bigint | null;
  readonly notAfter: Date | null;
  readonly attempts: number;
  readonly reads: number;
  readonly contradictions: number;
  /** How often it was armed again. */
  readonly rearms: number;
  readonly readRequestId: string | null;
  readonly giveUpWallAt: Date;
  readonly requestedBy: string;
  readonly approvedBy: string | null;
  readonly batchId: string | null;
  /** The named person who follows the customer up after a cut. */
  readonly owner: string | null;
  /** Who let a quarantined cut go on. */
  readonly releasedBy: string | null;
  /** Stable code of what went wrong, ended it, or put it into quarantine. */
  readonly failureCode: string | null;
  readonly evidence: Readonly<Record<string, unknown>>;
  /** Whether field work is open at the service point. */
  readonly fieldWorkOpen: boolean;
}

const LOCKED_COLUMNS = `c.id, c.account_id AS "accountId", c.service_point_id AS "servicePointId", c.meter_id AS "meterId",
  c.installation_id AS "installationId", c.operation, c.mode, c.reason, c.state, c.sequence, c.not_after AS "notAfter",
  c.attempts, c.reads, c.contradictions, c.rearms, c.read_request_id AS "readRequestId", c.give_up_wall_at AS "giveUpWallAt",
  c.requested_by AS "requestedBy", c.approved_by AS "approvedBy", c.batch_id AS "batchId", c.owner,
  c.released_by AS "releasedBy", c.failure_code AS "failureCode", c.evidence,
  EXISTS (SELECT FROM work_order w WHERE w.service_point_id = c.service_point_id AND w.state = 'OPEN') AS "fieldWorkOpen"`;

const OPEN_LIST = OPEN_STATES.map((state) => `'${state}'`).join(', ');

const LOCK_BY_IDS = statement(
  'switch-command-lock',
  `SELECT ${LOCKED_COLUMNS} FROM switch_command c WHERE c.id = ANY($1::uuid[]) ORDER BY c.id FOR UPDATE`,
);
const LOCK_OPEN_BY_METERS = statement(
  'switch-command-lock-open',
  `SELECT ${LOCKED_COLUMNS} FROM switch_command c WHERE c.meter_id = ANY($1::uuid[]) AND c.state IN (${OPEN_LIST}) ORDER BY c.id FOR UPDATE`,
);

const ACCOUNTS_OF_COMMANDS = statement(
  'switch-command-accounts',
  `SELECT DISTINCT account_id FROM switch_command WHERE id = ANY($1::uuid[]) ORDER BY account_id`,
);

/** The accounts of these commands, each once, in the order in which they are locked: accounts are locked before commands. */
export async function accountsOfCommands(tx: Tx, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.rows<{ account_id: string }>(ACCOUNTS_OF_COMMANDS, [ids]);
  return rows.map(({ account_id }) => account_id);
}

/** Locks commands by id, in the order of their ids. */
export const lockCommands = (tx: Tx, ids: readonly string[]): Promise<LockedCommand[]> =>
  tx.rows<LockedCommand>(LOCK_BY_IDS, [ids]);

/** Locks the open command of each of these meters (at most one each). */
export const lockOpenCommands = (tx: Tx, meterIds: readonly string[]): Promise<LockedCommand[]> =>
  tx.rows<LockedCommand>(LOCK_OPEN_BY_METERS, [meterIds]);

/** A restore to be ordered; `reason` is the interruption it ends. */
export interface RestoreOrder {
  readonly id: string;
  readonly accountId: string;
  readonly servicePointId: string;
  readonly meterId: string;
  readonly installationId: string;
  readonly mode: 'DIRECT' | 'ARM';
  /** Why so, decided for this order. */
  readonly modeReason: ReconnectModeReason;
  readonly modeEvidence: string;
  readonly reason: InterruptionReason;
  readonly paymentId?: string | null;
}

const INSERT_RESTORES = statement(
  'switch-command-insert-restores',
  `WITH wanted AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS w (id uuid, "accountId" uuid, "servicePointId" uuid, "meterId" uuid,
       "installationId" uuid, mode text, "modeReason" text, "modeEvidence" text, reason text, "paymentId" uuid)),
   ordered AS (
     INSERT INTO switch_command (id, account_id, service_point_id, meter_id, installation_id, operation, mode, mode_reason, mode_evidence, reason, state,
       priority, requested_by, requested_at, request_reason, payment_id, give_up_wall_at)
     SELECT id, "accountId", "servicePointId", "meterId", "installationId", 'RESTORE', mode, "modeReason", "modeEvidence", reason, 'QUEUED',
       ${PRIORITY.RESTORE}, $3, $4, $5, "paymentId",
       clock_timestamp() + make_interval(secs => (CASE mode WHEN 'ARM' THEN $7 ELSE $6 END)::float8 / 1000)
     FROM wanted ORDER BY id
     ON CONFLICT (meter_id) WHERE state IN (${OPEN_LIST}) DO NOTHING
     RETURNING id, account_id, service_point_id, meter_id, mode, mode_reason),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, reason, detail)
     SELECT $4, $2, $3, 'switch-command.ordered', 'SwitchCommand', id, account_id, service_point_id, 'QUEUED', $5,
            jsonb_build_object('mode', mode, 'modeReason', mode_reason) FROM ordered)
   SELECT id, meter_id AS "meterId" FROM ordered`,
);

/**
 * Orders restores, QUEUED and first in line. A meter that already has an open command keeps it (the caller has superseded
 * an open cut before). Returns the ids ordered.
 */
export async function orderRestores(
  tx: Tx,
  orders: readonly RestoreOrder[],
  by: {
    readonly actor: Actor;
    readonly at: Date;
    readonly reason: string;
    readonly remoteWindowMs: number;
    readonly armedWindowMs: number;
  },
): Promise<string[]> {
  if (orders.length === 0) return [];
  const rows = await tx.rows<{ id: string }>(INSERT_RESTORES, [
    JSON.stringify(orders),
    by.actor.kind,
    by.actor.id,
    by.at,
    by.reason,
    by.remoteWindowMs,
    by.armedWindowMs,
  ]);
  return rows.map(({ id }) => id);
}

/** One move of a command that the caller has locked in state `from`; absent fields stay as they are. */
export interface CommandMove {
  readonly id: string;
  readonly from: SwitchCommandState;
  readonly to: SwitchCommandState;
  readonly waitMs?: number;
  readonly windowMs?: number;
  readonly code?: string;
  readonly text?: string;
  readonly reads?: number;
  readonly contradictions?: number;
  readonly rearms?: number;
  readonly readRequestId?: string;
  readonly clearSequence?: boolean;
  readonly accepted?: boolean;
  readonly approvedBy?: string;
  readonly supersededById?: string;
  /** Product time before which a cut is not sent. */
  readonly notBefore?: Date;
  readonly releasedBy?: string;
  readonly workOrderId?: string;
  readonly reason?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

const MOVE_COMMANDS = statement(
  'switch-command-move',
  `WITH wanted AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS w (id uuid, "from" text, "to" text, "waitMs" float8, "windowMs" float8, code text, "text" text,
       reads smallint, contradictions smallint, rearms smallint, "readRequestId" uuid, "clearSequence" boolean, accepted boolean, "approvedBy" text,
       "supersededById" uuid, "workOrderId" uuid, "notBefore" timestamptz, "releasedBy" text, reason text, detail jsonb, ended boolean)),
   moved AS (
     UPDATE switch_command c SET
       state = w."to",
       attention_wall_at = CASE WHEN w."waitMs" IS NULL THEN c.attention_wall_at ELSE clock_timestamp() + make_interval(secs => w."waitMs" / 1000) END,
       give_up_wall_at = CASE WHEN w."windowMs" IS NULL THEN c.give_up_wall_at ELSE clock_timestamp() + make_interval(secs => w."windowMs" / 1000) END,
       failure_code = coalesce(w.code, c.failure_code),
       failure_text = coalesce(w."text", c.failure_text),
       reads = coalesce(w.reads, c.reads),
       contradictions = coalesce(w.contradictions, c.contradictions),
       rearms = coalesce(w.rearms, c.rearms),
       read_request_id = coalesce(w."readRequestId", c.read_request_id),
       sequence = CASE WHEN w."clearSequence" THEN NULL ELSE c.sequence END,
       accepted_at = CASE WHEN w.accepted AND c.accepted_at IS NULL THEN $4 ELSE c.accepted_at END,
       approved_by = coalesce(w."approvedBy", c.approved_by),
       approved_at = CASE WHEN w."approvedBy" IS NULL THEN c.approved_at ELSE $4 END,
       superseded_by_id = coalesce(w."supersededById", c.superseded_by_id),
       work_order_id = coalesce(w."workOrderId", c.work_order_id),
       not_before = coalesce(w."notBefore", c.not_before),
       released_by = coalesce(w."releasedBy", c.released_by),
       ended_at = CASE WHEN w.ended THEN $4 ELSE c.ended_at END,
       ended_wall_at = CASE WHEN w.ended THEN clock_timestamp() ELSE c.ended_wall_at END
     FROM wanted w WHERE c.id = w.id AND c.state = w."from"
     RETURNING c.id, c.account_id, c.service_point_id, w."from", w."to", w.reason, w."text", w.code, w.detail),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, reason, detail)
     SELECT $4, $2, $3, 'switch-command.moved', 'SwitchCommand', id, account_id, service_point_id, "from", "to",
            coalesce(reason, "text"), coalesce(detail, '{}') || CASE WHEN code IS NULL THEN '{}' ELSE jsonb_build_object('code', code) END
     FROM moved)
   SELECT id FROM moved`,
);

/**
 * The only way a command changes its state after it was ordered: asserts each move, records who, when and why. The commands
 * must be locked by this transaction in state `from`.
 *
 * @throws AssertionError when the table forbids a move, or a command was not in `from`
 */
export async function moveCommands(
  tx: Tx,
  moves: readonly CommandMove[],
  by: { readonly actor: Actor; readonly at: Date },
): Promise<void> {
  if (moves.length === 0) return;
  for (const { id, from, to } of moves) {
    assert(mayMove(from, to) || (from === to && !isEnd(to)), `switch command ${id} may not move from ${from} to ${to}`);
  }
  const wanted = moves.map((move) => ({ ...move, ended: isEnd(move.to) }));
  const moved = await tx.rows(MOVE_COMMANDS, [JSON.stringify(wanted), by.actor.kind, by.actor.id, by.at]);
  assert(
    moved.length === moves.length,
    `${moves.length - moved.length} switch commands were not in the state expected under lock`,
  );
}

const isEnd = (state: SwitchCommandState): boolean => !OPEN_STATES.includes(state);

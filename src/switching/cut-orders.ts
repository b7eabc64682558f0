import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import type { InterruptionReason } from './interruption.js';
import { OPEN_STATES, PRIORITY } from './switch-command.js';

/** A cut to be ordered, with what it was decided by. */
export interface CutOrder {
  readonly id: string;
  readonly accountId: string;
  readonly servicePointId: string;
  readonly meterId: string;
  readonly installationId: string;
  readonly reason: InterruptionReason;
  readonly state: 'PENDING_APPROVAL' | 'QUEUED';
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly policyCode: string | null;
  readonly policyVersion: number | null;
}

const INSERT_CUTS = statement(
  'cut-order-insert',
  `WITH wanted AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS w (id uuid, "accountId" uuid, "servicePointId" uuid, "meterId" uuid, "installationId" uuid,
       reason text, state text, evidence jsonb, "policyCode" text, "policyVersion" integer)),
   ordered AS (
     INSERT INTO switch_command (id, account_id, service_point_id, meter_id, installation_id, operation, mode, reason, state, priority, evidence,
       policy_code, policy_version, requested_by, requested_at, request_reason, batch_id, owner, give_up_wall_at)
     SELECT id, "accountId", "servicePointId", "meterId", "installationId", 'CUT', 'DIRECT', reason, state, ${PRIORITY.CUT}, evidence,
       "policyCode", "policyVersion", $3, $4, $5, $6, $7, clock_timestamp() + make_interval(secs => $8::float8 / 1000)
     FROM wanted ORDER BY id
     ON CONFLICT (meter_id) WHERE state IN (${OPEN_STATES.map((state) => `'${state}'`).join(', ')}) DO NOTHING
     RETURNING id, account_id, service_point_id, state, batch_id),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, reason, detail)
     SELECT $4, $2, $3, 'switch-command.ordered', 'SwitchCommand', id, account_id, service_point_id, state, $5,
            CASE WHEN batch_id IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('batchId', batch_id) END FROM ordered)
   SELECT id FROM ordered`,
);

/**
 * Orders cuts. A meter that already has an open command keeps it; its cut is left out. Returns the ids ordered.
 *
 * @param by `owner` is the named person who follows the customers up; `windowMs` (wall) bounds how long a QUEUED one may wait to be sent
 */
export async function insertCuts(
  tx: Tx,
  orders: readonly CutOrder[],
  by: {
    readonly actor: Actor;
    readonly at: Date;
    readonly note: string;
    readonly owner: string;
    readonly batchId?: string;
    readonly windowMs: number;
  },
): Promise<string[]> {
  const { actor, at, note, owner, batchId, windowMs } = by;
  const rows = await tx.rows<{ id: string }>(INSERT_CUTS, [
    JSON.stringify(orders),
    actor.kind,
    actor.id,
    at,
    note,
    batchId ?? null,
    owner,
    windowMs,
  ]);
  return rows.map(({ id }) => id);
}

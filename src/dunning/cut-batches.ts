import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { assert } from '../platform/errors.js';
import { newId } from '../platform/ids.js';
import { CUT_BATCH_MOVES, type CutBatchState } from './cut-batch.js';
import type { BatchMember } from './ramp-policy.js';

/** A batch as flows see it under lock. */
export interface LockedBatch {
  readonly id: string;
  readonly districtId: string;
  readonly plannedFor: string;
  readonly state: CutBatchState;
  readonly owner: string;
  readonly proposedBy: string;
  readonly size: number;
  readonly rampStep: number;
}

const LOCK_BATCH = statement(
  'cut-batch-lock',
  `SELECT id, district_id AS "districtId", planned_for AS "plannedFor", state, owner, proposed_by AS "proposedBy", size, ramp_step AS "rampStep"
   FROM cut_batch WHERE id = $1 FOR NO KEY UPDATE`,
);

/** Locks a batch. Order: a batch is locked before any account; who holds an account's lock only looks at its batch. */
export async function lockBatch(tx: Tx, batchId: string): Promise<LockedBatch | undefined> {
  return (await tx.rows<LockedBatch>(LOCK_BATCH, [batchId]))[0];
}

const INSERT_BATCH = statement(
  'cut-batch-insert',
  `INSERT INTO cut_batch (id, district_id, planned_for, state, owner, proposed_by, proposed_at, reason, size)
   VALUES ($1, $2, $3, 'PENDING_APPROVAL', $4, $5, $6, $7, $8)
   ON CONFLICT (district_id, planned_for) WHERE ended_at IS NULL DO NOTHING RETURNING id`,
);

/** Opens a batch, or returns undefined when the district has one open for that day. */
export async function insertBatch(
  tx: Tx,
  batch: {
    readonly districtId: string;
    readonly plannedFor: string;
    readonly owner: string;
    readonly reason: string;
    readonly size: number;
  },
  by: { readonly actor: Actor; readonly at: Date },
): Promise<string | undefined> {
  const { districtId, plannedFor, owner, reason, size } = batch;
  const [row] = await tx.rows<{ id: string }>(INSERT_BATCH, [
    newId(),
    districtId,
    plannedFor,
    owner,
    by.actor.id,
    by.at,
    reason,
    size,
  ]);
  return row?.id;
}

const MOVE_BATCH = statement(
  'cut-batch-move',
  `WITH moved AS (
     UPDATE cut_batch SET state = $3, ended_at = CASE WHEN $4 THEN $5::timestamptz END,
       ending_code = coalesce($8, ending_code), ending_text = coalesce($9, ending_text)
     WHERE id = $1 AND state = $2 RETURNING id),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, from_state, to_state, reason)
     SELECT $5, $6, $7, 'cut-batch.moved', 'CutBatch', id, $2, $3, $9 FROM moved)
   SELECT id FROM moved`,
);

/** The only way a batch changes its state; it must be locked in state `from`. */
export async function moveBatch(
  tx: Tx,
  batch: Pick<LockedBatch, 'id' | 'state'>,
  to: CutBatchState,
  by: { readonly actor: Actor; readonly at: Date; readonly code?: string; readonly text: string },
): Promise<void> {
  assert(
    (CUT_BATCH_MOVES[batch.state] as readonly string[]).includes(to),
    `cut batch ${batch.id} may not move from ${batch.state} to ${to}`,
  );
  const ended = CUT_BATCH_MOVES[to].length === 0;
  const { actor, at, code, text } = by;
  const moved = await tx.rows(MOVE_BATCH, [
    batch.id,
    batch.state,
    to,
    ended,
    at,
    actor.kind,
    actor.id,
    code ?? null,
    text,
  ]);
  assert(moved.length === 1, `cut batch ${batch.id} was not in the state expected under lock`);
}

// What the ramp let go has been queued once: it has a time announced, or has gone further than waiting.
const MEMBERS = statement(
  'cut-batch-members',
  `SELECT id AS "commandId", state, failure_code AS "failureCode", not_before IS NOT NULL AS released,
          NOT (policy_code = ANY($2::text[])) AS "outOfHours"
   FROM switch_command WHERE batch_id = $1 ORDER BY id`,
);

/** The cuts of a batch, oldest first. @param openPolicies codes of the policies whose hours allow a cut to be let go now */
export const batchMembers = (
  tx: Pick<Tx, 'rows'>,
  batchId: string,
  openPolicies: readonly string[] = [],
): Promise<BatchMember[]> => tx.rows<BatchMember>(MEMBERS, [batchId, openPolicies]);

const NEXT_STEP = statement('cut-batch-next-step', `UPDATE cut_batch SET ramp_step = ramp_step + 1 WHERE id = $1`);

/** Notes that a step of the ramp has been released. */
export async function countRampStep(tx: Tx, batchId: string): Promise<void> {
  await tx.rows(NEXT_STEP, [batchId]);
}

const INSERT_APPROVAL = statement(
  'cut-approval-insert',
  `INSERT INTO cut_approval (id, command_id, batch_id, approved_by, role, approved_at, note) VALUES ($1, $2, $3, $4, $5, $6, $7)
   ON CONFLICT DO NOTHING RETURNING id`,
);

export type ApproverRole = 'DISTRICT_MANAGER' | 'OPERATIONS' | 'SUPERVISOR';

/** Puts an approval on record; false when this person has approved it already. */
export async function insertApproval(
  tx: Tx,
  approval: {
    readonly commandId?: string;
    readonly batchId?: string;
    readonly by: string;
    readonly role: ApproverRole;
    readonly at: Date;
    readonly note: string;
  },
): Promise<boolean> {
  const { commandId, batchId, by, role, at, note } = approval;
  const rows = await tx.rows(INSERT_APPROVAL, [newId(), commandId ?? null, batchId ?? null, by, role, at, note]);
  return rows.length === 1;
}

const APPROVALS = statement(
  'cut-approvals',
  `SELECT approved_by AS by, role FROM cut_approval WHERE command_id = $1 OR batch_id = $2 ORDER BY approved_at, id`,
);

/** Who approved a command, by itself or with its batch. */
export const approvalsOf = (
  tx: Pick<Tx, 'rows'>,
  commandId: string | null,
  batchId: string | null,
): Promise<{ by: string; role: ApproverRole }[]> => tx.rows(APPROVALS, [commandId, batchId]);

const BATCH_RUNS = statement(
  'cut-batch-runs',
  `SELECT state = 'RUNNING' AS runs, size FROM cut_batch WHERE id = $1 FOR SHARE`,
);

/** Whether a batch lets its cuts go on, read under a share lock: pausing it waits for a cut being sent, and no later one passes. */
export async function batchRuns(tx: Tx, batchId: string): Promise<{ runs: boolean; size: number }> {
  return (await tx.rows<{ runs: boolean; size: number }>(BATCH_RUNS, [batchId]))[0] ?? { runs: false, size: 1 };
}

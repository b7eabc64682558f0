import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import type { WorkOrderKind } from './work-order.js';

/** Field work to be opened. The owner is the district's manager, or the 95598 desk where none is named. */
export interface WorkOrderRequest {
  readonly id: string;
  readonly kind: WorkOrderKind;
  readonly servicePointId: string;
  readonly accountId: string;
  /** The command that ended in it; null: none did. */
  readonly commandId: string | null;
  readonly reason: string;
}

const OPEN_WORK_ORDERS = statement(
  'work-order-open',
  `WITH wanted AS (
     SELECT * FROM jsonb_to_recordset($1::jsonb) AS w (id uuid, kind text, "servicePointId" uuid, "accountId" uuid, "commandId" uuid, reason text)),
   opened AS (
     INSERT INTO work_order (id, kind, state, service_point_id, account_id, command_id, owner, reason, opened_at, deadline_at)
     SELECT w.id, w.kind, 'OPEN', w."servicePointId", w."accountId", w."commandId", coalesce(d.manager, '95598'), w.reason, $4, $5
     FROM wanted w JOIN service_point p ON p.id = w."servicePointId" JOIN transformer_district d ON d.id = p.district_id
     ORDER BY w.id
     ON CONFLICT (service_point_id, kind) WHERE state = 'OPEN'
       -- Field work for the same point and purpose is under way: the new command joins it.
       DO UPDATE SET command_id = excluded.command_id
     -- A row that was there carries the transaction that locked it: xmax is 0 for a new one alone.
     RETURNING id, kind, service_point_id, account_id, command_id, owner, deadline_at, xmax = 0 AS fresh),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, detail)
     SELECT $4, $2, $3, 'work-order.opened', 'WorkOrder', id, account_id, service_point_id, 'OPEN',
            jsonb_build_object('kind', kind, 'commandId', command_id, 'deadlineAt', deadline_at) FROM opened WHERE fresh)
   SELECT id, command_id AS "commandId" FROM opened`,
);

/** Opens field work, one open order per service point and kind. Returns command id → work order id. */
export async function openWorkOrders(
  tx: Tx,
  requests: readonly WorkOrderRequest[],
  by: { readonly actor: Actor; readonly at: Date; readonly deadlineAt: Date },
): Promise<Map<string, string>> {
  if (requests.length === 0) return new Map();
  const rows = await tx.rows<{ id: string; commandId: string | null }>(OPEN_WORK_ORDERS, [
    JSON.stringify(requests),
    by.actor.kind,
    by.actor.id,
    by.at,
    by.deadlineAt,
  ]);
  return new Map(rows.flatMap(({ id, commandId }) => (commandId === null ? [] : [[commandId, id]])));
}

const CLOSE_WORK_ORDERS = statement(
  'work-order-close',
  `WITH closed AS (
     UPDATE work_order SET state = 'DONE', closed_at = $5, closing_reason = $6
     WHERE state = 'OPEN' AND kind = $2 AND service_point_id = ANY($1::uuid[])
     RETURNING id, account_id, service_point_id)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, reason)
   SELECT $5, $3, $4, 'work-order.closed', 'WorkOrder', id, account_id, service_point_id, 'OPEN', 'DONE', $6 FROM closed RETURNING subject_id`,
);

/** Closes open field work of one kind at these service points: what it was opened for has been seen to be done. Returns how many. */
export async function closeWorkOrders(
  tx: Tx,
  servicePointIds: readonly string[],
  kind: WorkOrderKind,
  by: { readonly actor: Actor; readonly at: Date; readonly reason: string },
): Promise<number> {
  if (servicePointIds.length === 0) return 0;
  const values = [servicePointIds, kind, by.actor.kind, by.actor.id, by.at, by.reason];
  return (await tx.rows(CLOSE_WORK_ORDERS, values)).length;
}

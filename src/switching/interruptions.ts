import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import type { InterruptionReason } from './interruption.js';

const OPEN_INTERRUPTION = statement(
  'interruption-open',
  `WITH opened AS (
     INSERT INTO interruption (id, service_point_id, account_id, reason, opened_at, opened_by, evidence, command_id, owner)
     VALUES ($1, $2, $3, $4, $5, $7, $8, $9, $11)
     ON CONFLICT (service_point_id, reason) WHERE closed_at IS NULL DO NOTHING RETURNING *),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, reason, detail)
     SELECT $5, $6, $7, 'interruption.opened', 'Interruption', id, account_id, service_point_id, reason, $10,
            jsonb_build_object('commandId', command_id) FROM opened)
   SELECT id FROM opened`,
);

/** Opens an interruption; if one is open for this reason already, that one stands. Returns the new id, or undefined. */
export async function openInterruption(
  tx: Tx,
  input: {
    readonly servicePointId: string;
    readonly accountId: string;
    readonly reason: InterruptionReason;
    readonly evidence: Readonly<Record<string, unknown>>;
    readonly commandId?: string;
    readonly owner?: string | null;
  },
  by: { readonly actor: Actor; readonly at: Date; readonly reason: string },
): Promise<string | undefined> {
  const rows = await tx.rows<{ id: string }>(OPEN_INTERRUPTION, [
    newId(),
    input.servicePointId,
    input.accountId,
    input.reason,
    by.at,
    by.actor.kind,
    by.actor.id,
    JSON.stringify(input.evidence),
    input.commandId ?? null,
    by.reason,
    input.owner ?? null,
  ]);
  return rows[0]?.id;
}

const CLOSE = (where: string) => `WITH closed AS (
     UPDATE interruption SET closed_at = $2, closed_by = $4, closing_reason = $5
     WHERE closed_at IS NULL AND ${where} RETURNING id, service_point_id, account_id, reason),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, reason)
     SELECT $2, $3, $4, 'interruption.closed', 'Interruption', id, account_id, service_point_id, reason, NULL, $5 FROM closed)
   SELECT id, service_point_id AS "servicePointId", reason FROM closed`;

const CLOSE_BY_IDS = statement('interruption-close', CLOSE('id = ANY($1::uuid[])'));
const CLOSE_BY_COMMANDS = statement('interruption-close-by-commands', CLOSE('command_id = ANY($1::uuid[])'));

export interface ClosedInterruption {
  readonly id: string;
  readonly servicePointId: string;
  readonly reason: InterruptionReason;
}

/** Closes open interruptions by id. */
export const closeInterruptions = (
  tx: Tx,
  ids: readonly string[],
  by: { readonly actor: Actor; readonly at: Date; readonly reason: string },
): Promise<ClosedInterruption[]> =>
  ids.length === 0 ? Promise.resolve([]) : tx.rows(CLOSE_BY_IDS, [ids, by.at, by.actor.kind, by.actor.id, by.reason]);

/** Closes what these cuts had opened, because they turned out not to be carried out. */
export const closeInterruptionsOfCuts = (
  tx: Tx,
  commandIds: readonly string[],
  by: { readonly actor: Actor; readonly at: Date; readonly reason: string },
): Promise<ClosedInterruption[]> =>
  commandIds.length === 0
    ? Promise.resolve([])
    : tx.rows(CLOSE_BY_COMMANDS, [commandIds, by.at, by.actor.kind, by.actor.id, by.reason]);

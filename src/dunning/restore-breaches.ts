import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import type { RestoreBreachKind } from './restore-breach.js';

type By = { readonly actor: Actor; readonly at: Date };

/** A breach found by the watch. */
export interface FoundBreach {
  readonly paymentId: string | null;
  readonly commandId: string;
  readonly accountId: string;
  readonly servicePointId: string;
  readonly kind: RestoreBreachKind;
  readonly startedAt: Date;
  readonly dueAt: Date;
}

/** A breach that this call has recorded. */
export type RecordedBreach = Omit<FoundBreach, 'startedAt'> & { readonly id: string };

// Whoever followed the customer up answers for it; found twice, it is recorded once.
const RECORD = statement(
  'restore-breach-record',
  `WITH wanted AS (
     SELECT * FROM jsonb_to_recordset($4::jsonb) AS w (id uuid, "paymentId" uuid, "commandId" uuid, "accountId" uuid, "servicePointId" uuid, kind text,
       "startedAt" timestamptz, "dueAt" timestamptz)),
   recorded AS (
     INSERT INTO restore_breach (id, payment_id, command_id, account_id, service_point_id, kind, started_at, due_at, detected_at, owner)
     SELECT w.id, w."paymentId", w."commandId", w."accountId", w."servicePointId", w.kind, w."startedAt", w."dueAt", $1,
            coalesce((SELECT f.owner FROM follow_up f WHERE f.service_point_id = w."servicePointId" ORDER BY f.opened_at DESC LIMIT 1), d.manager, '95598')
     FROM wanted w JOIN service_point p ON p.id = w."servicePointId" JOIN transformer_district d ON d.id = p.district_id
     ORDER BY w.id ON CONFLICT DO NOTHING RETURNING *),
   audited AS (
     INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, detail)
     SELECT $1, $2, $3, 'restore-breach.recorded', 'RestoreBreach', id, account_id, service_point_id, 'RECORDED',
            jsonb_build_object('kind', kind, 'paymentId', payment_id, 'commandId', command_id, 'dueAt', due_at) FROM recorded)
   SELECT id, payment_id AS "paymentId", command_id AS "commandId", account_id AS "accountId", service_point_id AS "servicePointId", kind,
          due_at AS "dueAt" FROM recorded`,
);

/** Records breaches, each once for ever. Returns those that are new. */
export async function recordBreaches(tx: Tx, found: readonly FoundBreach[], by: By): Promise<RecordedBreach[]> {
  if (found.length === 0) return [];
  const wanted = found.map((breach) => ({ ...breach, id: newId() }));
  return tx.rows<RecordedBreach>(RECORD, [by.at, by.actor.kind, by.actor.id, JSON.stringify(wanted)]);
}

const END_CLOCKS = statement(
  'restore-clock-end',
  `INSERT INTO restore_clock_ended (subject_id, ended_at) SELECT id, $2 FROM unnest($1::uuid[]) AS s (id) ON CONFLICT DO NOTHING`,
);

/** Both clocks of these payments, or of restores without one, have ended. */
export async function endClocks(tx: Tx, subjectIds: readonly string[], at: Date): Promise<void> {
  if (subjectIds.length > 0) await tx.rows(END_CLOCKS, [subjectIds, at]);
}

/** A breach under lock. */
export interface LockedBreach {
  readonly id: string;
  readonly explanation: string | null;
  readonly acceptedByCustomer: boolean | null;
}

const LOCK = statement(
  'restore-breach-lock',
  `SELECT id, explanation, accepted_by_customer AS "acceptedByCustomer" FROM restore_breach WHERE id = $1 FOR UPDATE`,
);

/** Locks a breach; whoever explains it needs no other lock. */
export async function lockBreach(tx: Tx, id: string): Promise<LockedBreach | undefined> {
  return (await tx.rows<LockedBreach>(LOCK, [id]))[0];
}

// A new explanation needs a new word of the customer; the earlier ones stay in the audit.
const EXPLAIN = statement(
  'restore-breach-explain',
  `WITH explained AS (
     UPDATE restore_breach SET explanation = $5, explained_by = $3, explained_at = $1,
       accepted_by_customer = NULL, acceptance_proof = NULL, acceptance_recorded_by = NULL, acceptance_at = NULL
     WHERE id = $4 RETURNING id, account_id, service_point_id)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, reason)
   SELECT $1, $2, $3, 'restore-breach.explained', 'RestoreBreach', id, account_id, service_point_id, $6, 'EXPLAINED', $5 FROM explained`,
);

/** Puts the explanation given to the customer on record; the breach must be locked in state `from`. */
export async function storeExplanation(tx: Tx, id: string, from: string, explanation: string, by: By): Promise<void> {
  await tx.rows(EXPLAIN, [by.at, by.actor.kind, by.actor.id, id, explanation, from]);
}

const ACCEPT = statement(
  'restore-breach-accept',
  `WITH answered AS (
     UPDATE restore_breach SET accepted_by_customer = $5, acceptance_proof = $6, acceptance_recorded_by = $3, acceptance_at = $1
     WHERE id = $4 RETURNING id, account_id, service_point_id)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, from_state, to_state, reason)
   SELECT $1, $2, $3, 'restore-breach.answered', 'RestoreBreach', id, account_id, service_point_id, $7,
          CASE WHEN $5 THEN 'ACCEPTED' ELSE 'NOT_ACCEPTED' END, $8 FROM answered`,
);

/** Puts the customer's answer to the explanation on record; the breach must be locked in state `from`. */
export async function storeAcceptance(
  tx: Tx,
  id: string,
  from: string,
  answer: { readonly accepted: boolean; readonly proof: string; readonly note: string },
  by: By,
): Promise<void> {
  await tx.rows(ACCEPT, [by.at, by.actor.kind, by.actor.id, id, answer.accepted, answer.proof, from, answer.note]);
}

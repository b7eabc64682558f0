import type { Tx } from './database.js';
import { statement } from './database.js';

/** Who acts: a person (token subject), the system (name of a flow), or a meter (serial). */
export interface Actor {
  readonly kind: 'PERSON' | 'SYSTEM' | 'METER';
  readonly id: string;
}

/** One state change, told once: who, what, why, when. `detail` holds ids and figures, never names, phones or addresses. */
export interface AuditEntry {
  readonly act: string;
  readonly subjectType: string;
  readonly subjectId: string;
  readonly accountId?: string | null;
  readonly servicePointId?: string | null;
  readonly fromState?: string | null;
  readonly toState?: string | null;
  readonly reason?: string | null;
  readonly detail?: Readonly<Record<string, unknown>>;
}

const INSERT_AUDIT = statement(
  'audit-insert',
  `INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id,
                            from_state, to_state, reason, detail)
   SELECT $1, $2, $3, e.act, e."subjectType", e."subjectId", e."accountId", e."servicePointId",
          e."fromState", e."toState", e.reason, coalesce(e.detail, '{}')
   FROM jsonb_to_recordset($4::jsonb) AS e (act text, "subjectType" text, "subjectId" uuid, "accountId" uuid,
        "servicePointId" uuid, "fromState" text, "toState" text, reason text, detail jsonb)`,
);

/** Writes the entries in one statement, in the caller's transaction. */
export async function recordAudit(tx: Tx, at: Date, actor: Actor, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await tx.rows(INSERT_AUDIT, [at, actor.kind, actor.id, JSON.stringify(entries)]);
}

import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import type { SkipReason } from './billing-run.js';

export type { SkipReason };

/** A service point that could not be billed. */
export interface PointSkipped {
  readonly id: string;
  readonly servicePointId: string;
  readonly accountId: string;
  readonly reason: SkipReason;
}

// Found again, it is the same entry seen once more: whoever owns it is told when it began.
const RECORD = statement(
  'billing-skip-record',
  `WITH wanted AS (SELECT * FROM unnest($5::uuid[], $6::uuid[], $7::uuid[], $8::text[]) AS s (id, service_point_id, account_id, reason)),
   kept AS (
     INSERT INTO billing_skip (id, service_point_id, account_id, period_to, reason, owner, since, last_seen_at, run_id)
     SELECT w.id, w.service_point_id, w.account_id, $4, w.reason, coalesce(d.manager, '95598'), $1, $1, $9
     FROM wanted w JOIN service_point p ON p.id = w.service_point_id JOIN transformer_district d ON d.id = p.district_id ORDER BY w.service_point_id
     ON CONFLICT (service_point_id) WHERE resolved_at IS NULL
       DO UPDATE SET last_seen_at = excluded.last_seen_at, period_to = excluded.period_to, reason = excluded.reason, run_id = excluded.run_id
     RETURNING id, service_point_id, account_id, reason, owner, xmax = 0 AS fresh)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, account_id, service_point_id, to_state, detail)
   SELECT $1, $2, $3, 'bill.skipped', 'BillingSkip', id, account_id, service_point_id, 'OPEN', jsonb_build_object('reason', reason, 'owner', owner)
   FROM kept WHERE fresh`,
);

/** Keeps which points could not be billed and why, each with an owner: the district's manager, or the 95598 desk where none is named. */
export async function recordSkips(
  tx: Tx,
  skips: readonly PointSkipped[],
  run: { readonly issuedAt: Date; readonly periodTo: string; readonly runId: string | null },
  actor: Actor,
): Promise<void> {
  if (skips.length === 0) return;
  await tx.rows(RECORD, [
    run.issuedAt,
    actor.kind,
    actor.id,
    run.periodTo,
    skips.map(({ id }) => id),
    skips.map(({ servicePointId }) => servicePointId),
    skips.map(({ accountId }) => accountId),
    skips.map(({ reason }) => reason),
    run.runId,
  ]);
}

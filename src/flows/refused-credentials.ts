import { statement, type Tx } from '../platform/database.js';
import { CREDENTIAL_REFUSALS, type MeterReport } from '../switching/report-policy.js';
import { systemActor } from './context.js';

const ACTOR = systemActor('take-uplink');

const MARK = statement(
  'credentials-refused',
  `WITH refused AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS r ("meterId" uuid, refusal text)),
   target AS (SELECT m.id, min(r.refusal) AS refusal FROM refused r JOIN meter m ON m.id = r."meterId" GROUP BY m.id),
   marked AS (
     UPDATE meter m SET credentials_refused_at = $2 FROM target t WHERE m.id = t.id AND m.credentials_refused_at IS NULL
     RETURNING m.id, t.refusal)
   INSERT INTO audit_entry (at, actor_kind, actor, act, subject_type, subject_id, to_state, reason)
   SELECT $2, $3, $4, 'meter.credentials-refused', 'Meter', id, 'CREDENTIALS_REFUSED', 'the meter refused an order: ' || refusal FROM marked`,
);

/**
 * Remembers the meters that have refused our password (or ciphertext), in the caller's transaction: from now on nothing is switched there until somebody
 * has put that right, since a few wrong ones lock a meter.
 */
export async function noticeRefusedCredentials(tx: Tx, reports: readonly MeterReport[], at: Date): Promise<void> {
  const refused = reports.flatMap(({ meterId, refusal }) =>
    refusal !== undefined && CREDENTIAL_REFUSALS.includes(refusal) ? [{ meterId, refusal }] : [],
  );
  if (refused.length > 0) await tx.rows(MARK, [JSON.stringify(refused), at, ACTOR.kind, ACTOR.id]);
}

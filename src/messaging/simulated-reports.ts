import { createHash } from 'node:crypto';
import type { DeliveryReport } from '../flows/take-delivery-report.js';
import type { FlowContext } from '../flows/context.js';
import { messageIdOf } from '../flows/send-notices.js';
import { LIMITS } from '../platform/limits.js';
import { statement } from '../platform/database.js';

/** Of a hundred messages so many do not arrive. */
const LOST_PERCENT = 4;

// Served ones too: where no proof is asked for a notice counts when it is sent, and its report still tells whether the contact is good.
const UNREPORTED = statement(
  'simulated-reports-due',
  `SELECT n.id, n.attempt_key AS "attemptKey", a.account_number || ' ' || coalesce(n.step_code, 'LAST_CALL') || ' ' || n.channel AS subject
   FROM notice n JOIN account a ON a.id = n.account_id
   WHERE n.by_gateway AND n.sent_at > $2::timestamptz - interval '2 days'
     AND (n.state = 'SENT' OR (n.state = 'SERVED' AND n.proof_kind IS NULL AND n.contact_id IS NOT NULL))
     AND NOT EXISTS (SELECT FROM contact_proof p WHERE p.contact_id = n.contact_id AND p.reference = n.id || '.' || n.attempt_key)
   ORDER BY n.id LIMIT $1`,
);

/**
 * What phones in a simulated district would answer: by seed, account, step and channel, so that the same story is told again. What is to
 * be reported is read from the notices, so nothing is forgotten by a restart.
 */
export async function simulatedReports(ctx: FlowContext, seed: number): Promise<DeliveryReport[]> {
  const rows = await ctx.db.rows<{ id: string; attemptKey: number; subject: string }>(UNREPORTED, [
    LIMITS.noticeGroup.value,
    ctx.clock.now(),
  ]);
  return rows.map(({ id, attemptKey, subject }) => {
    const messageId = messageIdOf(id, attemptKey);
    const lost =
      createHash('sha256').update(`${seed} ${subject} ${attemptKey}`).digest().readUInt32BE() % 100 < LOST_PERCENT;
    return lost ? { messageId, outcome: 'FAILED', code: 'NOT_DELIVERED' } : { messageId, outcome: 'DELIVERED' };
  });
}

import { FOLLOW_UP_AT_MOST_DAYS, FOLLOW_UP_EVERY_HOURS, type FollowUpOutcome } from '../dunning/follow-up.js';
import { lockFollowUp, recordFollowUpContact } from '../dunning/follow-ups.js';
import type { ContactMeans } from '../dunning/standing.js';
import type { Actor } from '../platform/audit.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import type { FlowContext } from './context.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A contact with a customer after a cut, by the owner or whoever stands in. */
export interface FollowUpRecord {
  readonly followUpId: string;
  /** When it was; now unless stated. */
  readonly at?: Date | null;
  readonly means: ContactMeans;
  readonly outcome: FollowUpOutcome;
  /** What was said. */
  readonly note: string;
  /** When the customer is to be spoken to next; a day later unless stated. */
  readonly nextDueAt?: Date | null;
  readonly idempotencyKey: string;
}

/**
 * Puts a contact with the customer after a cut on record and sets when the next is due. Anybody of the desk may stand in for the owner; the
 * record says so.
 *
 * @throws UserError FOLLOW_UP_NOT_FOUND, FOLLOW_UP_CLOSED, FOLLOW_UP_TIME, IDEMPOTENCY_KEY_REUSED
 */
export function recordFollowUp(
  ctx: FlowContext,
  record: FollowUpRecord,
  actor: Actor,
): Promise<{ followUpId: string; contactId: string; replayed: boolean }> {
  const { followUpId, means, outcome, note } = record;
  const content = {
    followUpId,
    means,
    outcome,
    note,
    at: record.at?.toISOString(),
    nextDueAt: record.nextDueAt?.toISOString(),
  };
  return ctx.db.transaction('record-follow-up', (tx) => {
    const now = ctx.clock.now();
    return once(tx, { key: record.idempotencyKey, act: 'record-follow-up', content, at: now }, async () => {
      const followUp = await lockFollowUp(tx, followUpId);
      if (!followUp) throw new UserError('FOLLOW_UP_NOT_FOUND', 'There is no such follow-up.', 'followUpId');
      if (followUp.state === 'CLOSED')
        throw new UserError('FOLLOW_UP_CLOSED', 'Power is back there, and the follow-up is closed.', 'followUpId');
      const at = record.at ?? now;
      if (at > now || at < followUp.openedAt)
        throw new UserError('FOLLOW_UP_TIME', 'The contact was between the cut and now. Correct its time.', 'at');
      const nextDueAt = record.nextDueAt ?? new Date(now.getTime() + FOLLOW_UP_EVERY_HOURS * HOUR_MS);
      if (nextDueAt <= now || nextDueAt.getTime() > now.getTime() + FOLLOW_UP_AT_MOST_DAYS * DAY_MS)
        throw new UserError(
          'FOLLOW_UP_TIME',
          `The next contact is in the future and at most ${FOLLOW_UP_AT_MOST_DAYS} days away. Name another time.`,
          'nextDueAt',
        );
      const contact = { at, means, outcome, note, nextDueAt };
      const contactId = await recordFollowUpContact(tx, followUpId, contact, { actor, at: now });
      tx.afterCommit(() => ctx.nudges.nudge('changed', [followUpId]));
      return { followUpId, contactId };
    });
  });
}

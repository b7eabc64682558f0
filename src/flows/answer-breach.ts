import { breachState } from '../dunning/restore-breach.js';
import { lockBreach, storeAcceptance, storeExplanation, type LockedBreach } from '../dunning/restore-breaches.js';
import type { Actor } from '../platform/audit.js';
import type { Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import type { FlowContext } from './context.js';

export interface BreachReceipt {
  readonly breachId: string;
  readonly replayed: boolean;
}

/** What the customer was told about a late restore. */
export interface BreachExplanation {
  readonly breachId: string;
  readonly explanation: string;
  readonly idempotencyKey: string;
}

/**
 * Puts on record how a late restore was explained to the customer. A customer who did not accept may be given another explanation; what was
 * said before stays in the audit.
 *
 * @throws UserError BREACH_NOT_FOUND, BREACH_ACCEPTED, IDEMPOTENCY_KEY_REUSED
 */
export function explainBreach(
  ctx: FlowContext,
  { breachId, explanation, idempotencyKey }: BreachExplanation,
  actor: Actor,
): Promise<BreachReceipt> {
  return ctx.db.transaction('explain-breach', (tx) => {
    const at = ctx.clock.now();
    const content = { breachId, explanation };
    return once(tx, { key: idempotencyKey, act: 'explain-breach', content, at }, async () => {
      const breach = await openBreach(tx, breachId);
      await storeExplanation(tx, breachId, breachState(breach), explanation, { actor, at });
      tx.afterCommit(() => ctx.nudges.nudge('changed', [breachId]));
      return { breachId };
    });
  });
}

/** The customer's answer to the explanation (取得谅解). */
export interface BreachAcceptance {
  readonly breachId: string;
  readonly accepted: boolean;
  /** Number of the call record, or the signed slip. */
  readonly proof: string;
  readonly note: string;
  readonly idempotencyKey: string;
}

/**
 * Puts on record whether the customer accepts the explanation, with what proves it.
 *
 * @throws UserError BREACH_NOT_FOUND, BREACH_ACCEPTED, BREACH_NOT_EXPLAINED, IDEMPOTENCY_KEY_REUSED
 */
export function recordAcceptance(
  ctx: FlowContext,
  { breachId, accepted, proof, note, idempotencyKey }: BreachAcceptance,
  actor: Actor,
): Promise<BreachReceipt> {
  return ctx.db.transaction('record-acceptance', (tx) => {
    const at = ctx.clock.now();
    const content = { breachId, accepted, proof, note };
    return once(tx, { key: idempotencyKey, act: 'record-acceptance', content, at }, async () => {
      const breach = await openBreach(tx, breachId);
      if (breach.explanation === null)
        throw new UserError(
          'BREACH_NOT_EXPLAINED',
          'A customer accepts an explanation. Record it first with explainBreach.',
          'breachId',
        );
      await storeAcceptance(tx, breachId, breachState(breach), { accepted, proof, note }, { actor, at });
      tx.afterCommit(() => ctx.nudges.nudge('changed', [breachId]));
      return { breachId };
    });
  });
}

/** @throws UserError BREACH_NOT_FOUND, BREACH_ACCEPTED */
async function openBreach(tx: Tx, breachId: string): Promise<LockedBreach> {
  const breach = await lockBreach(tx, breachId);
  if (!breach) throw new UserError('BREACH_NOT_FOUND', 'There is no such late restore on record.', 'breachId');
  if (breach.acceptedByCustomer === true)
    throw new UserError(
      'BREACH_ACCEPTED',
      'The customer has accepted the explanation; nothing is left to do.',
      'breachId',
    );
  return breach;
}

import { lockAccount } from '../accounts/accounts.js';
import type { ContactKind } from '../accounts/customer.js';
import type { ContactMeans, ContactOutcome } from '../dunning/standing.js';
import { insertArrearsCauses, insertContactProofs } from '../dunning/standings.js';
import type { ArrearsCause } from '../dunning/words.js';
import { recordAudit, type Actor } from '../platform/audit.js';
import { statement } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import type { FlowContext } from './context.js';

/** An attempt to reach the customer of an account at one of the contacts on file. */
export interface ContactReport {
  readonly accountId: string;
  readonly contact: { readonly kind: ContactKind; readonly value: string };
  readonly outcome: ContactOutcome;
  readonly how: ContactMeans;
  /** When it happened; now unless stated. */
  readonly at?: Date;
  readonly reference?: string;
  readonly note: string;
  readonly idempotencyKey: string;
}

const FIND_CONTACT = statement(
  'record-contact-find',
  `SELECT k.id FROM account a JOIN contact k ON k.customer_id = a.customer_id WHERE a.id = $1 AND k.kind = $2 AND k.value = $3`,
);

/**
 * Records an attempt to reach a customer, whatever became of it. It proves a contact, or takes that proof away.
 *
 * @throws UserError ACCOUNT_NOT_FOUND, CONTACT_NOT_FOUND, CONTACT_IN_FUTURE, IDEMPOTENCY_KEY_REUSED
 */
export async function recordContactProof(
  ctx: FlowContext,
  report: ContactReport,
  actor: Actor,
): Promise<{ proofId: string; replayed: boolean }> {
  const { accountId, contact, outcome, how, reference, note } = report;
  return ctx.db.transaction('record-contact-proof', async (tx) => {
    const now = ctx.clock.now();
    const content = { accountId, ...contact, outcome, how, reference, note, at: report.at?.toISOString() };
    return once(tx, { key: report.idempotencyKey, act: 'record-contact-proof', content, at: now }, async () => {
      if (!(await lockAccount(tx, accountId)))
        throw new UserError('ACCOUNT_NOT_FOUND', 'There is no such account. Look it up by its number.', 'accountId');
      const at = report.at ?? now;
      if (at > now) throw new UserError('CONTACT_IN_FUTURE', 'Record an attempt once it was made.', 'at');
      const [found] = await tx.rows<{ id: string }>(FIND_CONTACT, [accountId, contact.kind, contact.value]);
      if (!found) {
        throw new UserError(
          'CONTACT_NOT_FOUND',
          'The customer has no such contact on file. Look at its contacts first.',
          'contact',
        );
      }
      const proof = { id: newId(), contactId: found.id, at, outcome, how, reference: reference ?? null };
      await insertContactProofs(tx, [proof], { actor, at: now });
      await recordAudit(tx, now, actor, [
        {
          act: 'contact.proof-recorded',
          subjectType: 'ContactProof',
          subjectId: proof.id,
          accountId,
          toState: outcome,
          reason: note,
          detail: { contactId: found.id, how, contactKind: contact.kind },
        },
      ]);
      tx.afterCommit(() => ctx.nudges.nudge('changed', [accountId]));
      return { proofId: proof.id };
    });
  });
}

/** Why an account is in arrears, as a person found out. */
export interface ArrearsCauseReport {
  readonly accountId: string;
  readonly cause: ArrearsCause;
  /** What was found out, in a sentence. */
  readonly note: string;
  readonly evidence?: string;
  readonly idempotencyKey: string;
}

/**
 * Records the cause of arrears; it replaces what was found out earlier, and that is kept.
 *
 * @throws UserError ACCOUNT_NOT_FOUND, IDEMPOTENCY_KEY_REUSED
 */
export async function recordArrearsCause(
  ctx: FlowContext,
  report: ArrearsCauseReport,
  actor: Actor,
): Promise<{ causeId: string; replayed: boolean }> {
  const { accountId, cause, note, evidence } = report;
  return ctx.db.transaction('record-arrears-cause', async (tx) => {
    const at = ctx.clock.now();
    const content = { accountId, cause, note, evidence };
    return once(tx, { key: report.idempotencyKey, act: 'record-arrears-cause', content, at }, async () => {
      if (!(await lockAccount(tx, accountId)))
        throw new UserError('ACCOUNT_NOT_FOUND', 'There is no such account. Look it up by its number.', 'accountId');
      const id = newId();
      await insertArrearsCauses(tx, [{ id, accountId, cause, note, evidence: evidence ?? null }], { actor, at });
      await recordAudit(tx, at, actor, [
        {
          act: 'arrears-cause.recorded',
          subjectType: 'ArrearsCause',
          subjectId: id,
          accountId,
          toState: cause,
          reason: note,
        },
      ]);
      tx.afterCommit(() => ctx.nudges.nudge('changed', [accountId]));
      return { causeId: id };
    });
  });
}

import { lockAccounts } from '../accounts/accounts.js';
import type { ProtectionKind } from '../accounts/customer.js';
import { recordAudit, type Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { localDate, type LocalDate } from '../platform/local-date.js';
import type { FlowContext } from './context.js';
import { keepProtection } from './keep-protection.js';
import { withdrawDebtCuts } from './withdraw-debt-cuts.js';

/** What the customer answered about one kind of protection. */
export interface ProtectionAnswer {
  readonly kind: ProtectionKind;
  readonly protects: boolean;
  /** What proves it, seen by whoever asks; without one it protects all the same, unproven. */
  readonly proof?: string;
  readonly validUntil?: LocalDate;
}

/** A customer was asked about protections. */
export interface ProtectionInquiry {
  readonly customerId: string;
  /** Local day; today unless stated. */
  readonly askedOn?: LocalDate;
  readonly answers: readonly ProtectionAnswer[];
  readonly note: string;
  readonly idempotencyKey: string;
}

const ACCOUNTS = statement('record-protection-accounts', `SELECT id FROM account WHERE customer_id = $1 ORDER BY id`);
const ASKED = statement(
  'record-protection-asked',
  `UPDATE customer SET protection_asked_on = greatest(protection_asked_on, $2::date) WHERE id = $1 RETURNING id`,
);
// A protection on record is brought up to date; a proof once seen is not taken back by an answer without one.
const RECORD = statement(
  'record-protection-answers',
  `WITH wanted AS (
     SELECT * FROM jsonb_to_recordset($2::jsonb) AS w (id uuid, kind text, proof text, "validUntil" date)),
   renewed AS (
     UPDATE protection p SET proof = coalesce(w.proof, p.proof), valid_until = w."validUntil",
       proof_verified_at = CASE WHEN w.proof IS NULL THEN p.proof_verified_at ELSE $3 END,
       proof_verified_by = CASE WHEN w.proof IS NULL THEN p.proof_verified_by ELSE $4 END
     FROM wanted w WHERE p.customer_id = $1 AND p.kind = w.kind AND p.ended_at IS NULL RETURNING p.id, p.kind),
   added AS (
     INSERT INTO protection (id, customer_id, kind, proof, valid_until, created_at, recorded_by, proof_verified_at, proof_verified_by)
     SELECT w.id, $1, w.kind, w.proof, w."validUntil", $3, $4, CASE WHEN w.proof IS NULL THEN NULL ELSE $3 END, CASE WHEN w.proof IS NULL THEN NULL ELSE $4 END
     FROM wanted w WHERE NOT EXISTS (SELECT FROM protection p WHERE p.customer_id = $1 AND p.kind = w.kind AND p.ended_at IS NULL)
     RETURNING id, kind)
   SELECT id, kind, 'protection.renewed' AS act FROM renewed UNION ALL SELECT id, kind, 'protection.recorded' FROM added`,
);

/** Danger to life weighs more than the question whether the cut was lawful: power that is off for debt comes back. */
const RESTORES: readonly ProtectionKind[] = ['LIFE_SUPPORT'];

/**
 * Records that a customer was asked about protections, and the answers. A yes protects from now on: cuts for debt under way are withdrawn
 * in this transaction, and for life support power comes back. A no ends nothing that stands; see {@link endProtection}.
 *
 * @throws UserError CUSTOMER_NOT_FOUND, PROTECTION_ANSWERS_INVALID, IDEMPOTENCY_KEY_REUSED
 */
export async function recordProtectionInquiry(
  ctx: FlowContext,
  inquiry: ProtectionInquiry,
  actor: Actor,
): Promise<{ customerId: string; restoreCommandIds: readonly string[]; replayed: boolean }> {
  const { customerId, answers, note } = inquiry;
  return ctx.db.transaction('record-protection-inquiry', async (tx) => {
    const at = ctx.clock.now();
    const today = localDate(at, ctx.timeZone);
    const content = { customerId, askedOn: inquiry.askedOn, note, answers: JSON.stringify(answers) };
    return once(tx, { key: inquiry.idempotencyKey, act: 'record-protection-inquiry', content, at }, async () => {
      const askedOn = inquiry.askedOn ?? today;
      checkAnswers(answers, { askedOn, today });
      const accounts = await lockAccounts(
        tx,
        (await tx.rows<{ id: string }>(ACCOUNTS, [customerId])).map(({ id }) => id),
      );
      if ((await tx.rows(ASKED, [customerId, askedOn])).length === 0)
        throw new UserError('CUSTOMER_NOT_FOUND', 'There is no such customer.', 'customerId');
      const yes = answers.filter(({ protects }) => protects);
      const wanted = yes.map((answer) => ({ ...answer, id: newId() }));
      const recorded = await tx.rows<{ id: string; kind: ProtectionKind; act: string }>(RECORD, [
        customerId,
        JSON.stringify(wanted),
        at,
        actor.id,
      ]);
      const accountId = accounts[0]?.id ?? null;
      const no = answers.filter(({ protects }) => !protects).map(({ kind }) => kind);
      await recordAudit(tx, at, actor, [
        {
          act: 'customer.protection-asked',
          subjectType: 'Customer',
          subjectId: customerId,
          accountId,
          reason: note,
          detail: { askedOn, yes: yes.map(({ kind }) => kind), no },
        },
        ...recorded.map(({ id, kind, act }) => ({
          act,
          subjectType: 'Protection',
          subjectId: id,
          accountId,
          toState: kind,
          reason: note,
        })),
      ]);
      const restoreCommandIds: string[] = [];
      for (const account of yes.length > 0 ? accounts : []) {
        restoreCommandIds.push(
          ...(await withdrawDebtCuts(ctx, tx, account.id, {
            actor,
            at,
            reason: `the customer is protected: ${yes.map(({ kind }) => kind).join(', ')}`,
            code: 'PROTECTION_RECORDED',
            restores: yes.some(({ kind }) => RESTORES.includes(kind)),
          })),
        );
      }
      await keepProtection(ctx, tx, { customerId }, at, 'the customer was asked about protections');
      tx.afterCommit(() => ctx.nudges.nudge('changed', [customerId]));
      return { customerId, restoreCommandIds };
    });
  });
}

function checkAnswers(
  answers: readonly ProtectionAnswer[],
  { askedOn, today }: { readonly askedOn: LocalDate; readonly today: LocalDate },
): void {
  const refuse = (message: string, field: string): never => {
    throw new UserError('PROTECTION_ANSWERS_INVALID', message, field);
  };
  if (askedOn > today) refuse('Record an inquiry once it was made.', 'askedOn');
  if (answers.length === 0) refuse('State what the customer answered, kind by kind.', 'answers');
  if (new Set(answers.map(({ kind }) => kind)).size < answers.length) refuse('Answer each kind once.', 'answers');
  if (answers.some(({ protects, proof, validUntil }) => !protects && (proof !== undefined || validUntil !== undefined)))
    refuse('A "no" has neither proof nor last day.', 'answers');
  if (answers.some(({ validUntil }) => validUntil !== undefined && validUntil < today))
    refuse('The last day of a protection must not lie in the past.', 'answers');
}

/** A person has established that the reason of a protection is gone. */
export interface ProtectionEnding {
  readonly customerId: string;
  readonly kind: ProtectionKind;
  /** How it was established. */
  readonly note: string;
  readonly idempotencyKey: string;
}

const STANDING = statement(
  'end-protection-standing',
  `SELECT id, recorded_by AS "recordedBy" FROM protection WHERE customer_id = $1 AND kind = $2 AND ended_at IS NULL ORDER BY id FOR UPDATE`,
);
const END = statement(
  'end-protection',
  `UPDATE protection SET ended_at = $2, ended_by = $3, ending_reason = $4 WHERE id = ANY($1::uuid[])`,
);

/**
 * Ends a protection, by another person than the one who recorded it.
 *
 * @throws UserError PROTECTION_NOT_FOUND, ENDED_BY_RECORDER, IDEMPOTENCY_KEY_REUSED
 */
export async function endProtection(
  ctx: FlowContext,
  ending: ProtectionEnding,
  actor: Actor,
): Promise<{ customerId: string; replayed: boolean }> {
  const { customerId, kind, note } = ending;
  return ctx.db.transaction('end-protection', async (tx) => {
    const at = ctx.clock.now();
    return once(
      tx,
      { key: ending.idempotencyKey, act: 'end-protection', content: { customerId, kind, note }, at },
      async () => {
        const accountId = await lockFirstAccount(tx, customerId);
        const standing = await tx.rows<{ id: string; recordedBy: string | null }>(STANDING, [customerId, kind]);
        if (standing.length === 0) {
          throw new UserError('PROTECTION_NOT_FOUND', `The customer has no ${kind} protection that stands.`, 'kind');
        }
        if (standing.some(({ recordedBy }) => recordedBy === actor.id)) {
          throw new UserError(
            'ENDED_BY_RECORDER',
            'A protection is ended by another person than the one who recorded it.',
            'kind',
          );
        }
        await tx.rows(END, [standing.map(({ id }) => id), at, actor.id, note]);
        await recordAudit(
          tx,
          at,
          actor,
          standing.map(({ id }) => ({
            act: 'protection.ended',
            subjectType: 'Protection',
            subjectId: id,
            accountId,
            fromState: kind,
            reason: note,
          })),
        );
        await keepProtection(ctx, tx, { customerId }, at, `the reason for ${kind} is gone`);
        tx.afterCommit(() => ctx.nudges.nudge('changed', [customerId]));
        return { customerId };
      },
    );
  });
}

/** Locks the customer's accounts; returns the first, under which the audit tells of the customer. */
async function lockFirstAccount(tx: Tx, customerId: string): Promise<string | null> {
  const accounts = await lockAccounts(
    tx,
    (await tx.rows<{ id: string }>(ACCOUNTS, [customerId])).map(({ id }) => id),
  );
  return accounts[0]?.id ?? null;
}

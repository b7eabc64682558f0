import { lockAccount } from '../accounts/accounts.js';
import { endPause, insertPause, pauseCovering } from '../dunning/dunning-pauses.js';
import { recordAudit, type Actor } from '../platform/audit.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { addDays, localDate, type LocalDate } from '../platform/local-date.js';
import type { FlowContext } from './context.js';
import { withdrawDebtCuts } from './withdraw-debt-cuts.js';

/** Longer, and whoever pauses should look at the case again. */
const MOST_DAYS = 90;

/** A pause asked for: today and the days after it. */
export interface PauseRequest {
  readonly accountId: string;
  /** Local days it lasts, today included: 1 to 90. */
  readonly days: number;
  readonly note: string;
  readonly idempotencyKey: string;
}

/**
 * Pauses the ladder of an account from today on. It shifts nothing: what falls due meanwhile is due when it ends. A cut for debt that was
 * not sent is cancelled; one that the meter may have heard is answered by a restore. Power that is off stays off.
 *
 * @throws UserError ACCOUNT_NOT_FOUND, PAUSE_TOO_LONG, PAUSE_OVERLAPS, IDEMPOTENCY_KEY_REUSED
 */
export async function pauseDunning(
  ctx: FlowContext,
  request: PauseRequest,
  actor: Actor,
): Promise<{ accountId: string; pauseId: string; until: LocalDate; replayed: boolean }> {
  const { accountId, days, note } = request;
  if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS)
    throw new UserError('PAUSE_TOO_LONG', `A pause lasts 1 to ${MOST_DAYS} days. Look at the case again then.`, 'days');
  return ctx.db.transaction('pause-dunning', async (tx) => {
    const at = ctx.clock.now();
    return once(
      tx,
      { key: request.idempotencyKey, act: 'pause-dunning', content: { accountId, days, note }, at },
      async () => {
        if (!(await lockAccount(tx, accountId)))
          throw new UserError('ACCOUNT_NOT_FOUND', 'There is no such account. Look it up by its number.', 'accountId');
        const from = localDate(at, ctx.timeZone);
        const until = addDays(from, days - 1);
        const other = await pauseCovering(tx, accountId, from, until);
        if (other)
          throw new UserError(
            'PAUSE_OVERLAPS',
            `Dunning of this account is paused ${other.until === null ? 'until resumed' : `to ${other.until}`} already. Resume it first, or wait.`,
            'days',
          );
        const pauseId = newId();
        await insertPause(tx, { id: pauseId, accountId, reason: note, from, until }, { at, who: actor.id });
        await recordAudit(tx, at, actor, [
          {
            act: 'dunning.paused',
            subjectType: 'Account',
            subjectId: accountId,
            accountId,
            reason: note,
            detail: { pauseId, from, until },
          },
        ]);
        await withdrawDebtCuts(ctx, tx, accountId, {
          actor,
          at,
          reason: `dunning is paused to ${until}`,
          code: 'DUNNING_PAUSED',
          restores: false,
        });
        tx.afterCommit(() => ctx.nudges.nudge('changed', [accountId]));
        return { accountId, pauseId, until };
      },
    );
  });
}

/** The end of a pause before its day. */
export interface ResumeRequest {
  readonly accountId: string;
  readonly note: string;
  readonly idempotencyKey: string;
}

/**
 * Lets the ladder of an account go on from today.
 * @throws UserError ACCOUNT_NOT_FOUND, NOT_PAUSED, IDEMPOTENCY_KEY_REUSED
 */
export async function resumeDunning(
  ctx: FlowContext,
  request: ResumeRequest,
  actor: Actor,
): Promise<{ accountId: string; pauseId: string; replayed: boolean }> {
  const { accountId, note } = request;
  return ctx.db.transaction('resume-dunning', async (tx) => {
    const at = ctx.clock.now();
    return once(
      tx,
      { key: request.idempotencyKey, act: 'resume-dunning', content: { accountId, note }, at },
      async () => {
        if (!(await lockAccount(tx, accountId)))
          throw new UserError('ACCOUNT_NOT_FOUND', 'There is no such account. Look it up by its number.', 'accountId');
        const today = localDate(at, ctx.timeZone);
        const pause = await pauseCovering(tx, accountId, today, today);
        if (!pause)
          throw new UserError('NOT_PAUSED', 'Dunning of this account is not paused; nothing to resume.', 'accountId');
        await endPause(tx, pause.id, { endedOn: today, at, who: actor.id, reason: note });
        await recordAudit(tx, at, actor, [
          {
            act: 'dunning.resumed',
            subjectType: 'Account',
            subjectId: accountId,
            accountId,
            reason: note,
            detail: { pauseId: pause.id },
          },
        ]);
        tx.afterCommit(() => ctx.nudges.nudge('changed', [accountId]));
        return { accountId, pauseId: pause.id };
      },
    );
  });
}

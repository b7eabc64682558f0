import { lockAccount, lockAccounts } from '../accounts/accounts.js';
import { endingOf } from '../dunning/hold-ending-policy.js';
import { endingRestores, HOLD_RULES } from '../dunning/hold-policy.js';
import type { HoldOutcome } from '../dunning/hold.js';
import { closeHolds, remindLateRulings, selfEndingHolds, selfEndingHoldsById } from '../dunning/holds.js';
import type { HoldKind } from '../dunning/words.js';
import type { Actor } from '../platform/audit.js';
import { statement } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { localDate } from '../platform/local-date.js';
import { systemActor, type FlowContext } from './context.js';
import type { HoldReceipt } from './open-hold.js';
import { waiveBankLateFees } from './waive-bank-late.js';
import { withdrawDebtCuts } from './withdraw-debt-cuts.js';

/** A person ends a hold: a ruling, or what the customer or the bank said. */
export interface HoldDecision {
  readonly holdId: string;
  readonly outcome: HoldOutcome;
  readonly note: string;
  readonly idempotencyKey: string;
}

const FIND = statement('end-hold-find', `SELECT account_id AS "accountId", kind FROM hold WHERE id = $1`);

/**
 * Ends a hold. UPHELD removes the cause of a cut: power that is off for debt comes back in the same transaction. Any other end cuts
 * nobody; dunning goes on with a fresh notice.
 *
 * @throws UserError HOLD_NOT_FOUND, HOLD_CLOSED, HOLD_OUTCOME_NOT_ALLOWED, IDEMPOTENCY_KEY_REUSED
 */
export async function endHold(
  ctx: FlowContext,
  decision: HoldDecision,
  actor: Actor,
): Promise<HoldReceipt & { replayed: boolean }> {
  const { holdId, outcome, note } = decision;
  const at = ctx.clock.now();
  const receipt = await ctx.db.transaction('end-hold', async (tx) => {
    return once(
      tx,
      { key: decision.idempotencyKey, act: 'end-hold', content: { holdId, outcome, note }, at },
      async () => {
        const [hold] = await tx.rows<{ accountId: string; kind: HoldKind }>(FIND, [holdId]);
        if (!hold) throw new UserError('HOLD_NOT_FOUND', 'There is no such hold.', 'holdId');
        const { endings } = HOLD_RULES[hold.kind];
        if (!endings.includes(outcome)) {
          throw new UserError(
            'HOLD_OUTCOME_NOT_ALLOWED',
            `A ${hold.kind} is ended by a person as ${endings.join(', ')}.`,
            'outcome',
          );
        }
        await lockAccount(tx, hold.accountId);
        const by = { actor, at, today: localDate(at, ctx.timeZone) };
        const closed = await closeHolds(tx, [{ holdId, outcome, reason: note }], by);
        if (closed.length === 0) throw new UserError('HOLD_CLOSED', 'This hold has ended already.', 'holdId');
        tx.afterCommit(() => ctx.nudges.nudge('changed', [holdId, hold.accountId]));
        if (!endingRestores(outcome)) return { holdId, restoreCommandIds: [] };
        const restoreCommandIds = await withdrawDebtCuts(ctx, tx, hold.accountId, {
          ...by,
          reason: `${hold.kind} upheld`,
          code: 'HOLD_UPHELD',
          restores: true,
        });
        return { holdId, restoreCommandIds };
      },
    );
  });
  // A transaction of its own: what it does not get done, the next run of the schedule does.
  if (outcome === 'SETTLED') await waiveBankLateFees(ctx, at, holdId);
  return receipt;
}

/** Holds judged by one transaction, and reminders written by one. */
const GROUP = 500;
const ACTOR = systemActor('expire-holds');

/**
 * Ends what money or a date has ended, and reminds the owners of late rulings. Derived from facts, so it may run late or twice. It never
 * switches anything: who paid has power back by the payment itself.
 */
export async function expireHolds(ctx: FlowContext, at: Date): Promise<void> {
  const today = localDate(at, ctx.timeZone);
  for (let after: string | null = null; ;) {
    const page = await selfEndingHolds(ctx.db, { after, limit: GROUP, timeZone: ctx.timeZone });
    const candidates = page.filter((hold) => endingOf(hold, today));
    if (candidates.length > 0) await endThese(ctx, candidates, { at, today });
    if (page.length < GROUP) break;
    after = page.at(-1)!.holdId;
  }
  const reminded = await ctx.db.transaction('remind-rulings', (tx) =>
    remindLateRulings(tx, { actor: ACTOR, at, limit: GROUP }),
  );
  if (reminded.length > 0) ctx.nudges.nudge('changed', reminded);
  await waiveBankLateFees(ctx, at);
}

/** Judged once more under the accounts' locks: a payment may have come in between. */
async function endThese(
  ctx: FlowContext,
  candidates: readonly { readonly holdId: string; readonly accountId: string }[],
  on: { readonly at: Date; readonly today: string },
): Promise<void> {
  await ctx.db.transaction('expire-holds', async (tx) => {
    await lockAccounts(tx, [...new Set(candidates.map(({ accountId }) => accountId))]);
    const holds = await selfEndingHoldsById(
      tx,
      candidates.map(({ holdId }) => holdId),
      ctx.timeZone,
    );
    const closings = holds.flatMap((hold) => {
      const ending = endingOf(hold, on.today);
      return ending ? [{ holdId: hold.holdId, ...ending }] : [];
    });
    const closed = await closeHolds(tx, closings, { ...on, actor: ACTOR });
    tx.afterCommit(() => ctx.nudges.nudge('changed', closed));
  });
}

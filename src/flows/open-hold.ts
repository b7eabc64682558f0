import type { PaymentMode } from '../accounts/account.js';
import { lockAccount } from '../accounts/accounts.js';
import type { CustomerClass } from '../accounts/customer.js';
import { HOLD_RULES, rulingDueOn, settleTerms, type HoldTerms } from '../dunning/hold-policy.js';
import { insertHolds, overlappingHold } from '../dunning/holds.js';
import type { HoldKind } from '../dunning/words.js';
import type { Actor } from '../platform/audit.js';
import { statement, type Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { addDays, localDate, startOfLocalDay, weekday, yearOf, type LocalDate } from '../platform/local-date.js';
import type { DunningPolicy } from '../dunning/policy-schema.js';
import type { FlowContext } from './context.js';
import { amountsDueOf } from './late-fee-rules.js';
import { withdrawDebtCuts } from './withdraw-debt-cuts.js';

/** A hold asked for by a person. Dates are local days, money minor units. */
export interface HoldOpening {
  readonly accountId: string;
  readonly kind: HoldKind;
  /** What the customer says, in a sentence. */
  readonly reason: string;
  /** Reference of the paper it rests on. */
  readonly evidence?: string;
  /** First day; today unless stated, never later. */
  readonly fromDate?: LocalDate;
  readonly untilDate?: LocalDate;
  readonly amountMinor?: bigint;
  readonly instalments?: HoldTerms['instalments'];
  readonly idempotencyKey: string;
}

/** What opening a hold did. */
export interface HoldReceipt {
  readonly holdId: string;
  readonly restoreCommandIds: readonly string[];
}

const FRAME = statement(
  'open-hold-frame',
  `SELECT c.customer_class AS "customerClass", a.payment_mode AS "paymentMode", coalesce(d.manager, '95598') AS owner
   FROM account a JOIN customer c ON c.id = a.customer_id JOIN transformer_district d ON d.id = a.district_id WHERE a.id = $1`,
);

/**
 * Opens a hold (暂缓). In the same transaction cuts for debt that were not sent are cancelled, one that was is answered by a restore, and
 * a guarantee also brings back power that is off for debt.
 *
 * @throws UserError ACCOUNT_NOT_FOUND, HOLD_OVERLAPS, the codes of {@link settleTerms}, IDEMPOTENCY_KEY_REUSED
 */
export async function openHold(
  ctx: FlowContext,
  opening: HoldOpening,
  actor: Actor,
): Promise<HoldReceipt & { replayed: boolean }> {
  const { accountId, kind, reason, evidence, amountMinor, instalments = [] } = opening;
  const content = {
    ...opening,
    idempotencyKey: undefined,
    instalments: instalments.map(({ dueDate, amountMinor: part }) => `${dueDate} ${part}`).join(),
  };
  return ctx.db.transaction('open-hold', async (tx) => {
    const at = ctx.clock.now();
    const today = localDate(at, ctx.timeZone);
    return once(tx, { key: opening.idempotencyKey, act: 'open-hold', content, at }, async () => {
      if (!(await lockAccount(tx, accountId)))
        throw new UserError('ACCOUNT_NOT_FOUND', 'There is no such account. Look it up by its number.', 'accountId');
      const [frame] = await tx.rows<{ customerClass: CustomerClass; paymentMode: PaymentMode; owner: string }>(FRAME, [
        accountId,
      ]);
      const policy = ctx.policies.of(frame!.customerClass, frame!.paymentMode)?.policy;
      requireHoldOfPolicy(policy, kind);
      const terms: HoldTerms = {
        kind,
        fromDate: opening.fromDate ?? today,
        untilDate: opening.untilDate ?? null,
        amountMinor: amountMinor ?? null,
        instalments,
      };
      const settled = settleTerms(terms, {
        today,
        maxDays: policy?.holds.find((rule) => rule.kind === kind)?.maxDays ?? null,
        overdueMinor: await overdueOf(ctx, tx, accountId, today),
      });
      if (settled instanceof UserError) throw settled;
      const hold = {
        id: newId(),
        accountId,
        kind,
        reason,
        evidence: evidence ?? null,
        fromDate: terms.fromDate,
        instalments,
        ...settled,
      };
      await refuseOverlap(tx, hold);
      const ruling = HOLD_RULES[kind].ruling;
      const rulingDueAt = ruling ? rulingDeadline(ctx, today) : null;
      await insertHolds(tx, [{ ...hold, rulingOwner: ruling ? frame!.owner : null, rulingDueAt }], { actor, at });
      const restoreCommandIds = await withdrawDebtCuts(ctx, tx, accountId, {
        actor,
        at,
        reason: `${kind} holds back the cut`,
        code: 'HOLD_OPENED',
        restores: HOLD_RULES[kind].restores,
      });
      tx.afterCommit(() => ctx.nudges.nudge('changed', [hold.id]));
      return { holdId: hold.id, restoreCommandIds };
    });
  });
}

/** Agreements to pay are kept in any case: they change what debt must reach. */
const AGREEMENTS: readonly HoldKind[] = ['PAYMENT_PLAN', 'PROMISE_TO_PAY'];

/**
 * A hold that would hold nothing must not look like one.
 * @throws UserError HOLD_NOT_IN_POLICY
 */
function requireHoldOfPolicy(policy: DunningPolicy | undefined, kind: HoldKind): void {
  if (!policy || AGREEMENTS.includes(kind) || policy.holds.some((rule) => rule.kind === kind)) return;
  throw new UserError(
    'HOLD_NOT_IN_POLICY',
    `The policy ${policy.code} knows no hold ${kind}: it would not keep anybody from being cut. Choose another kind.`,
    'kind',
  );
}

/** Everything past its due date with late fees up to today: what a payment would take today. */
async function overdueOf(ctx: FlowContext, tx: Tx, accountId: string, today: LocalDate): Promise<bigint> {
  const due = await amountsDueOf(ctx, tx, [accountId], today);
  return due.get(accountId)!.overdueMinor;
}

async function refuseOverlap(tx: Tx, hold: Parameters<typeof overlappingHold>[1]): Promise<void> {
  const other = await overlappingHold(tx, hold);
  if (!other) return;
  throw new UserError(
    'HOLD_OVERLAPS',
    other.open
      ? `A ${hold.kind} is open on this account already (hold ${other.id}). End it first, or leave it.`
      : `Hold ${other.id} of the same kind covers some of these days. Begin on the day it ended, or later.`,
    'kind',
    { holdId: other.id },
  );
}

/** The end of the third working day. Where no calendar is published, Monday to Friday are taken for working days. */
function rulingDeadline(ctx: FlowContext, today: LocalDate): Date {
  const isWorkday = (date: LocalDate) =>
    ctx.holidays.coversYear(yearOf(date)) ? ctx.holidays.isWorkday(date) : weekday(date) <= 5;
  return startOfLocalDay(addDays(rulingDueOn(today, isWorkday), 1), ctx.timeZone);
}

import { lockAccount, type LockedAccount } from '../accounts/accounts.js';
import type { ChargeableBill } from '../billing/amount-due-policy.js';
import { chargeableBills } from '../billing/late-fees.js';
import type { LateFeeWaiverFact, LateFeeWaiverKind } from '../billing/late-fee-policy.js';
import type { LateFeeRule } from '../billing/late-fee-rule.js';
import type { LateFeeWaiverState } from '../billing/late-fee-waiver.js';
import { takeBack, waiverEffect, type WaiverEffect } from '../billing/late-fee-waiver-policy.js';
import {
  accountOfBill,
  decideWaiver,
  findWaiver,
  insertWaiver,
  lateFeePaidBy,
  lateFeePostedUpTo,
  restateLateFee,
  waivedAlone,
  waiverFact,
} from '../billing/late-fee-waivers.js';
import type { Actor } from '../platform/audit.js';
import type { Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { newId } from '../platform/ids.js';
import { LIMITS } from '../platform/limits.js';
import { localDate } from '../platform/local-date.js';
import type { FlowContext } from './context.js';
import { lateFeeRuleFor } from './late-fee-rules.js';
import { announceSupplyRelease, releaseSupply } from './release-supply.js';

/** A late fee to be waived: the days from `fromDate` to `toDate` (both included), or an amount in minor units. */
export interface WaiverRequest {
  readonly billId: string;
  readonly kind: LateFeeWaiverKind;
  readonly fromDate?: string | null;
  readonly toDate?: string | null;
  readonly amountMinor?: bigint | null;
  /** What proves it: number of the bank's letter, of the complaint, of the corrected bill. */
  readonly evidence: string;
  readonly note: string;
  readonly idempotencyKey: string;
}

/** The waiver, whether it was done now, and the restores it ordered. */
export interface WaiverReceipt {
  readonly waiverId: string;
  readonly state: LateFeeWaiverState;
  readonly restoreCommandIds: readonly string[];
  readonly replayed: boolean;
}

/**
 * Waives a late fee, with its reason. What the ledger holds of it is reversed by entries that name the old ones and entered anew; a fee
 * already paid becomes the customer's credit; if nothing is overdue any more, the restore is ordered in the same transaction. Above the
 * limit `lateFeeWaiverAlone` nothing of that happens until another person has granted it.
 *
 * @throws UserError BILL_NOT_FOUND, WAIVER_FORM, WAIVER_DAYS, WAIVER_TOO_LARGE, NOTHING_TO_WAIVE, IDEMPOTENCY_KEY_REUSED
 */
export async function waiveLateFee(ctx: FlowContext, request: WaiverRequest, actor: Actor): Promise<WaiverReceipt> {
  const { billId, evidence, note } = request;
  const at = ctx.clock.now();
  const fact = factOf(request, localDate(at, ctx.timeZone));
  const content = { billId, evidence, note, ...fact };
  return ctx.db.transaction('waive-late-fee', (tx) =>
    once(tx, { key: request.idempotencyKey, act: 'waive-late-fee', content, at }, async () => {
      const accountId = await accountOfBill(tx, billId);
      if (accountId === undefined) throw new UserError('BILL_NOT_FOUND', 'There is no such bill.', 'billId');
      const account = (await lockAccount(tx, accountId))!;
      const waiving = await waivingOf(ctx, tx, account, billId, fact, at);
      const { effectMinor } = waiving.effect;
      // Counted together, so that no limit is passed in small steps.
      const aloneMinor = effectMinor + (await waivedAlone(tx, billId));
      const twoPersons = aloneMinor > BigInt(LIMITS.lateFeeWaiverAlone.value);
      const waiverId = newId();
      const waiver = { id: waiverId, billId, accountId, fact, effectMinor, evidence, reason: note, twoPersons };
      const state = await insertWaiver(tx, waiver, { at, actor });
      const restoreCommandIds = state === 'GRANTED' ? await grant(ctx, tx, waiving, waiverId, { at, actor }) : [];
      announceSupplyRelease(ctx, tx, [waiverId, billId, accountId], restoreCommandIds);
      return { waiverId, state, restoreCommandIds };
    }),
  );
}

/** A second person's word on a waiver above the limit. */
export interface WaiverDecision {
  readonly waiverId: string;
  readonly granted: boolean;
  readonly note: string;
  readonly idempotencyKey: string;
}

/**
 * Grants or refuses a waiver that waits. It is computed anew, on the facts of now. Whoever asked for it may withdraw it (refuse), never
 * grant it.
 *
 * @throws UserError WAIVER_NOT_FOUND, WAIVER_DECIDED, WAIVER_BY_REQUESTER, WAIVER_TOO_LARGE, NOTHING_TO_WAIVE, IDEMPOTENCY_KEY_REUSED
 */
export async function decideLateFeeWaiver(
  ctx: FlowContext,
  decision: WaiverDecision,
  actor: Actor,
): Promise<WaiverReceipt> {
  const { waiverId, granted, note } = decision;
  const at = ctx.clock.now();
  const content = { waiverId, granted, note };
  return ctx.db.transaction('decide-late-fee-waiver', (tx) =>
    once(tx, { key: decision.idempotencyKey, act: 'decide-late-fee-waiver', content, at }, async () => {
      const known = await findWaiver(tx, waiverId);
      if (!known) throw new UserError('WAIVER_NOT_FOUND', 'There is no such waiver.', 'waiverId');
      const account = (await lockAccount(tx, known.accountId))!;
      const waiver = (await findWaiver(tx, waiverId))!;
      if (waiver.state !== 'REQUESTED')
        throw new UserError('WAIVER_DECIDED', `This waiver is ${waiver.state} already.`, 'waiverId');
      let restoreCommandIds: string[] = [];
      if (granted) {
        if (waiver.requestedBy === actor.id)
          throw new UserError(
            'WAIVER_BY_REQUESTER',
            'Whoever asked for a waiver may not grant it. Another supervisor must.',
            'waiverId',
          );
        const waiving = await waivingOf(ctx, tx, account, waiver.billId, waiverFact(waiver), at);
        const { effectMinor } = waiving.effect;
        await decideWaiver(tx, waiverId, { state: 'GRANTED', effectMinor, reason: note }, { at, actor });
        restoreCommandIds = await grant(ctx, tx, waiving, waiverId, { at, actor });
      } else {
        await decideWaiver(tx, waiverId, { state: 'REFUSED', effectMinor: null, reason: note }, { at, actor });
      }
      announceSupplyRelease(ctx, tx, [waiverId, waiver.billId, account.id], restoreCommandIds);
      return { waiverId, state: granted ? ('GRANTED' as const) : ('REFUSED' as const), restoreCommandIds };
    }),
  );
}

/** @throws UserError WAIVER_FORM, WAIVER_DAYS */
function factOf({ kind, fromDate, toDate, amountMinor }: WaiverRequest, today: string): LateFeeWaiverFact {
  const hasDays = typeof fromDate === 'string' && typeof toDate === 'string';
  const hasAmount = typeof amountMinor === 'bigint';
  if (hasDays === hasAmount || (typeof fromDate === 'string') !== (typeof toDate === 'string')) {
    throw new UserError(
      'WAIVER_FORM',
      'Give either both days (fromDate and toDate) or an amount, and not both.',
      hasDays ? 'amount' : 'fromDate',
    );
  }
  if (hasAmount) return { kind, amountMinor };
  if (fromDate! > toDate! || toDate! > today)
    throw new UserError(
      'WAIVER_DAYS',
      `The days run from ${fromDate!} to ${toDate!}; they must be in order and have come (today is ${today}).`,
      'toDate',
    );
  return { kind, fromDate: fromDate!, toDate: toDate! };
}

/** A waiver about to be granted: on what, and what it comes to. */
interface Waiving {
  readonly account: LockedAccount;
  readonly bill: ChargeableBill;
  readonly rule: LateFeeRule;
  readonly effect: WaiverEffect;
}

/** @throws UserError NOTHING_TO_WAIVE, WAIVER_TOO_LARGE */
async function waivingOf(
  ctx: FlowContext,
  tx: Tx,
  account: LockedAccount,
  billId: string,
  fact: LateFeeWaiverFact,
  at: Date,
): Promise<Waiving> {
  const { timeZone } = ctx;
  const rule = lateFeeRuleFor(ctx, account);
  const nothing = new UserError(
    'NOTHING_TO_WAIVE',
    'This bears no late fee on these days. Look at the lines of the bill’s late fee.',
    'billId',
  );
  if (!rule) throw nothing;
  const bill = (await chargeableBills(tx, [billId], timeZone))[0]!;
  const postedUpTo = await lateFeePostedUpTo(tx, billId);
  const effect = waiverEffect(bill, rule, fact, { postedUpTo, today: localDate(at, timeZone) });
  if ('amountMinor' in fact && fact.amountMinor > effect.beforeMinor && effect.beforeMinor > 0n)
    throw new UserError(
      'WAIVER_TOO_LARGE',
      'The late fee to date is less than that. Waive at most the whole.',
      'amount',
    );
  if (effect.effectMinor <= 0n) throw nothing;
  return { account, bill, rule, effect };
}

/** Enters the fee anew where the ledger holds too much, and lets power come back where nothing is overdue any more. */
async function grant(
  ctx: FlowContext,
  tx: Tx,
  { account, bill, rule, effect }: Waiving,
  waiverId: string,
  by: { readonly at: Date; readonly actor: Actor },
): Promise<string[]> {
  if (!effect.restated) return [];
  const freed = effect.freedMinor > 0n ? takeBack(await lateFeePaidBy(tx, bill.billId), effect.freedMinor) : [];
  const { currency } = bill.lateFeeFacts!;
  await restateLateFee(
    tx,
    { id: bill.billId, accountId: account.id, currency },
    { fee: effect.restated, rule, waiverId },
    freed,
    by,
  );
  return releaseSupply(ctx, tx, account, null, by.at, by.actor);
}

import { lockAccount } from '../accounts/accounts.js';
import { creditCompensation } from '../billing/compensations.js';
import type { CompensationState } from '../dunning/compensation-case.js';
import {
  findCase,
  harmedPoints,
  litSince,
  lockCase,
  paidDarkness,
  storeDecision,
  type LockedCase,
} from '../dunning/compensation-cases.js';
import { proposeCompensation, type CompensationProposal } from '../dunning/compensation-policy.js';
import type { Actor } from '../platform/audit.js';
import type { Tx } from '../platform/database.js';
import { UserError } from '../platform/errors.js';
import { once } from '../platform/idempotency.js';
import { LIMITS } from '../platform/limits.js';
import type { FlowContext } from './context.js';
import { spendCredit } from './rebill.js';
import { announceSupplyRelease, releaseSupply } from './release-supply.js';

/** A second person's word on a compensation case. */
export interface CompensationDecision {
  readonly caseId: string;
  readonly granted: boolean;
  /** Minor units; what the policy proposes unless stated. A case that nobody declared is never granted more than that. */
  readonly amountMinor?: bigint | null;
  readonly note: string;
  readonly idempotencyKey: string;
}

export interface CompensationReceipt {
  readonly caseId: string;
  readonly state: CompensationState;
  readonly restoreCommandIds: readonly string[];
}

/**
 * Grants or refuses a compensation. The proposal is computed anew for the time until power was proven; what is granted becomes the customer's
 * credit in the same transaction and pays what is open, oldest first. Whoever opened the case may refuse it (withdraw it), never grant it.
 * What the record alone opened is granted by one person, but for no more than the policy proposes; and no day is paid twice.
 *
 * @throws UserError COMPENSATION_NOT_FOUND, COMPENSATION_DECIDED, COMPENSATION_BY_OPENER, COMPENSATION_NOT_DECLARED, COMPENSATION_PAID,
 *   COMPENSATION_NEEDS_TWO, COMPENSATION_AMOUNT, COMPENSATION_TOO_LARGE, POWER_NOT_BACK, IDEMPOTENCY_KEY_REUSED
 */
export function decideCompensation(
  ctx: FlowContext,
  decision: CompensationDecision,
  actor: Actor,
): Promise<CompensationReceipt & { replayed: boolean }> {
  const { caseId, granted, amountMinor, note, idempotencyKey } = decision;
  return ctx.db.transaction('decide-compensation', (tx) => {
    const at = ctx.clock.now();
    const content = { caseId, granted, amountMinor, note };
    return once(tx, { key: idempotencyKey, act: 'decide-compensation', content, at }, async () => {
      const found = await findCase(tx, caseId);
      if (!found) throw new UserError('COMPENSATION_NOT_FOUND', 'There is no such compensation case.', 'caseId');
      const account = (await lockAccount(tx, found.accountId))!;
      const open = (await lockCase(tx, caseId))!;
      if (open.state !== 'OPEN')
        throw new UserError('COMPENSATION_DECIDED', `This case is ${open.state} already.`, 'caseId');
      if (!granted) {
        await storeDecision(tx, caseId, { state: 'REFUSED', note }, { actor, at });
        tx.afterCommit(() => ctx.nudges.nudge('changed', [caseId]));
        return { caseId, state: 'REFUSED' as const, restoreCommandIds: [] };
      }
      refuseOwnCase(open, actor);
      const proposal = await proposalNow(ctx, tx, open);
      const grantedMinor = amountToGrant(open, proposal, amountMinor ?? null);
      const ledgerEntryId = await creditCompensation(tx, account.id, grantedMinor, at);
      const stored = { state: 'GRANTED' as const, note, grantedMinor, ledgerEntryId, proposal };
      await storeDecision(tx, caseId, stored, { actor, at });
      await spendCredit(tx, account, at);
      const restoreCommandIds = await releaseSupply(ctx, tx, account, null, at, actor);
      announceSupplyRelease(ctx, tx, [caseId, account.id], restoreCommandIds);
      return { caseId, state: 'GRANTED' as const, restoreCommandIds };
    });
  });
}

/** @throws UserError COMPENSATION_NOT_DECLARED, COMPENSATION_BY_OPENER */
function refuseOwnCase({ kind, declaredBy, openedBy }: LockedCase, actor: Actor): void {
  if (kind === 'WRONGFUL_CUT' && declaredBy === null)
    throw new UserError(
      'COMPENSATION_NOT_DECLARED',
      'A meter’s report suggested this case. Somebody must look and declare the cut wrongful, then another person grants.',
      'caseId',
    );
  if (actor.id === declaredBy || actor.id === openedBy)
    throw new UserError(
      'COMPENSATION_BY_OPENER',
      'Whoever opened a case may not grant it. Another supervisor must.',
      'caseId',
    );
}

/**
 * Where a person declared the case, the two agree on any amount up to the limit. Where only the record did, one person alone would decide
 * about any other amount than the policy's.
 *
 * @throws UserError COMPENSATION_PAID, COMPENSATION_NEEDS_TWO, COMPENSATION_AMOUNT, COMPENSATION_TOO_LARGE
 */
function amountToGrant({ declaredBy }: LockedCase, proposal: CompensationProposal, askedMinor: bigint | null): bigint {
  const oneAlone = declaredBy === null;
  if ((proposal.days === 0 || proposal.amountMinor === 0n) && (oneAlone || askedMinor === null))
    throw new UserError(
      'COMPENSATION_PAID',
      'Another case has paid for this time without power already. Refuse this one.',
      'caseId',
    );
  const amountMinor = askedMinor ?? proposal.amountMinor;
  if (oneAlone && (proposal.amountMinor === null || (amountMinor ?? 0n) > proposal.amountMinor))
    throw new UserError(
      'COMPENSATION_NEEDS_TWO',
      proposal.amountMinor === null
        ? 'Nobody declared this case and the policy names no amount: one person alone may not name one. Refuse it, or have the cut declared wrongful.'
        : `Nobody declared this case: one person alone grants at most ${proposal.amountMinor} minor units, as the policy proposes.`,
      'amount',
    );
  if (amountMinor === null || amountMinor <= 0n)
    throw new UserError(
      'COMPENSATION_AMOUNT',
      'The policy names no amount for this. Give the amount, and say in the reason how it comes about.',
      'amount',
    );
  const most = BigInt(LIMITS.compensationMinor.value);
  if (amountMinor > most)
    throw new UserError(
      'COMPENSATION_TOO_LARGE',
      `More than ${most} minor units are not granted here; a court or an insurer decides about that.`,
      'amount',
    );
  return amountMinor;
}

/** What the policy gives for the darkness, less what another case has paid of it. @throws UserError POWER_NOT_BACK */
async function proposalNow(ctx: FlowContext, tx: Tx, open: LockedCase): Promise<CompensationProposal> {
  const { cutServicePointId, darkFrom, currency, servicePointId } = open;
  const litAt = await litSince(tx, cutServicePointId, darkFrom);
  if (!litAt)
    throw new UserError(
      'POWER_NOT_BACK',
      'It is not proven yet that power is back. Decide when it is, so that no day is left out.',
      'caseId',
    );
  const [harmed] = await harmedPoints(tx, [servicePointId]);
  const policy = ctx.policies.of(harmed!.customerClass, harmed!.paymentMode)?.policy;
  return proposeCompensation(policy, currency, darkFrom, litAt, await paidDarkness(tx, open));
}

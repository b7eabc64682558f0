import { pausesOfAccounts } from '../dunning/dunning-pauses.js';
import { ladderFor } from '../dunning/ladder-policy.js';
import type { Ladder, LadderFacts } from '../dunning/ladder.js';
import type { PolicyInForce } from '../dunning/policies-in-force.js';
import type { Reader } from '../platform/database.js';
import { localDate } from '../platform/local-date.js';
import { accountFactsOf, type FactsContext } from './gather-account-facts.js';

/** The ladder of an account with what it was computed from. */
export interface AccountLadder {
  readonly facts: LadderFacts;
  readonly inForce: PolicyInForce;
  readonly ladder: Ladder;
}

/** The ladders of these accounts at `at`, by account id, from the facts on record. An account under no policy is left out. Callers page. */
export async function ladderOfAccounts(
  ctx: FactsContext,
  tx: Reader,
  accountIds: readonly string[],
  at: Date,
): Promise<Map<string, AccountLadder>> {
  const facts = await accountFactsOf(ctx, tx, accountIds, at);
  const pauses = await pausesOfAccounts(tx, accountIds, localDate(at, ctx.timeZone));
  const ladders = new Map<string, AccountLadder>();
  for (const [accountId, one] of facts) {
    const inForce = ctx.policies.of(one.customerClass, one.paymentMode);
    if (!inForce) continue;
    ladders.set(accountId, { facts: one, inForce, ladder: ladderFor(one, inForce.policy, at, pauses.get(accountId)) });
  }
  return ladders;
}

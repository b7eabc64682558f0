import type { DunningPolicy } from './policy-schema.js';

/** What the policy grants for time without power (停电赔偿). Minor units. */
export interface CompensationProposal {
  /** Days begun. */
  readonly days: number;
  /** Null: the policy names no amount, and whoever decides must. */
  readonly amountMinor: bigint | null;
  /** Where the amount stands; null without an amount. */
  readonly clause: string | null;
}

const DAY_MS = 86_400_000;

/** Days begun between two instants: an hour without power is a day, and 24 hours to the millisecond are one. */
export const daysBegun = (from: Date, until: Date): number =>
  Math.max(1, Math.ceil((until.getTime() - from.getTime()) / DAY_MS));

/** The amount for a darkness from `from` to `until`: so much a day begun, up to the cap. Pure. */
export function proposeCompensation(
  policy: Pick<DunningPolicy, 'compensation' | 'currency'> | undefined,
  currency: string,
  from: Date,
  until: Date,
): CompensationProposal {
  const days = daysBegun(from, until);
  const rule = policy?.currency === currency ? policy.compensation : null;
  if (!rule) return { days, amountMinor: null, clause: null };
  const uncapped = BigInt(days) * rule.perDayMinor;
  return {
    days,
    amountMinor: uncapped < rule.capMinor ? uncapped : rule.capMinor,
    clause: clauseText(rule.clause),
  };
}

/** What was not read in the rule's own text says so. */
const clauseText = ({ text, verified }: { readonly text: string; readonly verified: boolean }): string =>
  verified ? text : `${text} [unverified]`;

import type { DunningPolicy } from './policy-schema.js';

/** What the policy grants for time without power (停电赔偿). Minor units. */
export interface CompensationProposal {
  /** Days begun, less those that another case has paid. */
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

/** Another case about the same place that was granted: the darkness it was for, and the days and minor units it paid of it. */
export interface PaidDarkness {
  readonly from: Date;
  readonly until: Date;
  readonly days: number;
  readonly grantedMinor: bigint;
}

/** Days of the darkness from `from` to `until` that are paid already: no more than lie in both, and no more than were paid. */
function daysPaid(paid: readonly PaidDarkness[], from: Date, until: Date): number {
  return paid.reduce((days, other) => {
    const start = other.from > from ? other.from : from;
    const end = other.until < until ? other.until : until;
    return days + Math.min(daysBegun(start, end), other.days);
  }, 0);
}

/**
 * The amount for a darkness from `from` to `until`: so much a day begun, up to the cap. A day that another case paid is not paid again, and
 * the cap holds for all cases of one darkness together. Pure.
 *
 * @param paid granted cases about this place; those of another darkness change nothing
 */
export function proposeCompensation(
  policy: Pick<DunningPolicy, 'compensation' | 'currency'> | undefined,
  currency: string,
  from: Date,
  until: Date,
  paid: readonly PaidDarkness[] = [],
): CompensationProposal {
  const same = paid.filter((other) => other.from < until && from < other.until);
  const days = Math.max(0, daysBegun(from, until) - daysPaid(same, from, until));
  const rule = policy?.currency === currency ? policy.compensation : null;
  if (!rule) return { days, amountMinor: null, clause: null };
  const uncapped = BigInt(days) * rule.perDayMinor;
  const left = rule.capMinor - same.reduce((sum, { grantedMinor }) => sum + grantedMinor, 0n);
  const capMinor = left > 0n ? left : 0n;
  return {
    days,
    amountMinor: uncapped < capMinor ? uncapped : capMinor,
    clause: clauseText(rule.clause),
  };
}

/** What was not read in the rule's own text says so. */
const clauseText = ({ text, verified }: { readonly text: string; readonly verified: boolean }): string =>
  verified ? text : `${text} [unverified]`;

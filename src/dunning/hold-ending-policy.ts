import { addDays, type LocalDate } from '../platform/local-date.js';
import type { HoldOutcome } from './hold.js';
import { HOLD_RULES, INSTALMENT_GRACE_DAYS } from './hold-policy.js';
import type { HoldKind } from './words.js';

/** An open hold with what has happened since its opening. Dates are local days, money minor units. */
export interface HoldFacts {
  readonly kind: HoldKind;
  readonly untilDate: LocalDate | null;
  readonly amountMinor: bigint | null;
  /** Still open of the bills that were there when it was opened, late fees included. */
  readonly owedMinor: bigint;
  /** What those bills have been paid since, by the day the customer paid (value date); a bounced payment is taken off its own day. */
  readonly payments: readonly { readonly on: LocalDate; readonly amountMinor: bigint }[];
  /** Of a payment plan, in order of their dates. */
  readonly instalments: readonly { readonly dueDate: LocalDate; readonly amountMinor: bigint }[];
}

/** What has ended a hold, and why. */
export interface HoldEnding {
  readonly outcome: HoldOutcome;
  readonly reason: string;
}

const paidBy = (facts: HoldFacts, day: LocalDate): bigint =>
  facts.payments.reduce((sum, { on, amountMinor }) => (on <= day ? sum + amountMinor : sum), 0n);

/** The first instalment that was not there within its grace, if there is one. */
function brokenAt(
  facts: HoldFacts,
  today: LocalDate,
): { readonly number: number; readonly dueDate: LocalDate } | undefined {
  let dueMinor = 0n;
  for (const [index, { dueDate, amountMinor }] of facts.instalments.entries()) {
    dueMinor += amountMinor;
    const lastDay = addDays(dueDate, INSTALMENT_GRACE_DAYS);
    if (lastDay < today && paidBy(facts, lastDay) < dueMinor) return { number: index + 1, dueDate };
  }
  return undefined;
}

/** What money has done to the hold: it is kept, or the debt it stands for is gone. */
function endedByMoney(facts: HoldFacts, today: LocalDate): HoldEnding | undefined {
  const { kind, owedMinor, amountMinor, untilDate } = facts;
  const outcome: HoldOutcome = kind === 'PAYMENT_PLAN' || kind === 'PROMISE_TO_PAY' ? 'KEPT' : 'SETTLED';
  if (owedMinor === 0n) return { outcome, reason: 'nothing of the debt is left' };
  if (amountMinor === null || kind === 'GUARANTEE' || kind === 'PAYMENT_PLAN') return undefined;
  const inTime = paidBy(facts, untilDate !== null && untilDate < today ? untilDate : today);
  return inTime >= amountMinor ? { outcome, reason: `${inTime} minor units were paid` } : undefined;
}

/**
 * What has ended an open hold by itself as of a local day; undefined while it goes on. Disputes, complaints and deposits under protest end by a
 * ruling only, however late it is. A broken or expired hold cuts nobody: dunning goes on, with a fresh notice.
 */
export function endingOf(facts: HoldFacts, today: LocalDate): HoldEnding | undefined {
  const { kind, untilDate } = facts;
  const rule = HOLD_RULES[kind];
  if (rule.atUntil === null) return undefined;
  if (kind !== 'HARDSHIP' && kind !== 'INVESTIGATION') {
    const byMoney = endedByMoney(facts, today);
    if (byMoney) return byMoney;
  }
  if (kind === 'PAYMENT_PLAN') {
    const broken = brokenAt(facts, today);
    if (broken) {
      return {
        outcome: 'BROKEN',
        reason: `instalment ${broken.number}, due ${broken.dueDate}, was not there ${INSTALMENT_GRACE_DAYS} days later`,
      };
    }
    const all = facts.instalments.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
    return paidBy(facts, today) >= all ? { outcome: 'KEPT', reason: 'every instalment was paid' } : undefined;
  }
  return untilDate !== null && untilDate < today
    ? { outcome: rule.atUntil, reason: `its last day was ${untilDate}` }
    : undefined;
}

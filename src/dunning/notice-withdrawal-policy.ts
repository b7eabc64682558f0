/** Which notices under way are to be taken back, and what is written down about steps that a settled case leaves untaken. */
import { localDate } from '../platform/local-date.js';
import type { CustomerClass } from '../accounts/customer.js';
import type { DebtFact, NoticeFact } from './cut-facts.js';
import { dayByBill, unpaidBills } from './ladder-case-policy.js';
import type { Ladder, LadderFacts, LadderReason } from './ladder.js';
import { cutLineMinor } from './low-balances.js';
import type { DunningPolicy } from './policy-schema.js';
import type { NoticeState } from './words.js';

/** A notice that must not be served any more. */
export interface Withdrawal {
  readonly noticeId: string;
  readonly code: LadderReason;
  readonly reason: string;
}

/**
 * Notices under way that speak of a debt that is settled or is another one by now, and those not yet sent while a pause or a hold
 * stands: when it ends, the step is due again with the amounts of that day.
 */
export function noticesToWithdraw(facts: LadderFacts, policy: DunningPolicy, ladder: Ladder): Withdrawal[] {
  const unpaid = new Set(unpaidBills(facts).map(({ billId }) => billId));
  return facts.notices
    .filter(({ state }) => state === 'PREPARED' || state === 'SENT')
    .flatMap((notice): Withdrawal[] => {
      const because = (code: LadderReason, reason: string) => [{ noticeId: notice.noticeId, code, reason }];
      const held = ladder.paused ?? ladder.held;
      if (isSettled(notice, unpaid, facts, policy)) return because('DEBT_SETTLED', 'the debt it speaks of is settled');
      if (held !== null && notice.state === 'PREPARED') return because(ladder.paused ? 'PAUSED' : 'HELD', held);
      if (notice.stepCode === null) return [];
      const view = ladder.steps.find(({ code }) => code === notice.stepCode);
      if (view?.noticeId === notice.noticeId && view.state !== 'WITHDRAWN') return [];
      return because('DEBT_RENEWED', 'the step it was made for is another one, or done, by now');
    })
    .sort((a, b) => (a.noticeId < b.noticeId ? -1 : 1));
}

function isSettled(
  { billIds, stepCode }: NoticeFact,
  unpaid: ReadonlySet<string>,
  facts: LadderFacts,
  policy: DunningPolicy,
): boolean {
  if (billIds.length > 0) return !billIds.some((billId) => unpaid.has(billId));
  const when = policy.steps.find(({ code }) => code === stepCode)?.when;
  const line = when?.from === 'BALANCE' ? when.atOrBelowMinor : (cutLineMinor(policy) ?? 0n) - 1n;
  return facts.balanceMinor > line;
}

/** What is known of a case when its bill no longer leads. */
export interface ClosingCase {
  readonly customerClass: CustomerClass;
  /** Null for a prepaid balance. */
  readonly anchor: Pick<DebtFact, 'readingDate' | 'dueDate'> | null;
  readonly notices: readonly { readonly stepCode: string | null; readonly state: NoticeState }[];
}

/** A step of the case that was not taken, with its reason. */
export interface StepOutcome {
  readonly stepCode: string;
  readonly state: 'SKIPPED' | 'WITHDRAWN' | 'NEVER_ACTIONED';
  readonly reasonCode: LadderReason;
  readonly reason: string;
}

/** Steps of a case that closes at `at` without having been taken. */
export function outcomesOf(closing: ClosingCase, policy: DunningPolicy, at: Date): StepOutcome[] {
  const today = localDate(at, policy.timeZone);
  return policy.steps
    .filter(({ customerClasses }) => customerClasses.length === 0 || customerClasses.includes(closing.customerClass))
    .flatMap((step): StepOutcome[] => {
      const states = new Set(
        closing.notices.filter(({ stepCode }) => stepCode === step.code).map(({ state }) => state),
      );
      const outcome = (state: StepOutcome['state'], reasonCode: LadderReason, reason: string) => [
        { stepCode: step.code, state, reasonCode, reason },
      ];
      if (states.has('SERVED')) return [];
      if (states.has('PREPARED') || states.has('SENT') || states.has('WITHDRAWN'))
        return outcome('WITHDRAWN', 'DEBT_SETTLED', 'the debt was settled before it was served');
      if (states.has('FAILED')) return outcome('SKIPPED', 'NOTICE_FAILED', 'its notice reached nobody');
      const ownOn = closing.anchor && dayByBill(step, closing.anchor);
      if (ownOn !== null && ownOn <= today)
        return outcome(
          'NEVER_ACTIONED',
          'NOT_ACTED_ON',
          `its day was ${ownOn}; it was held back until the debt was settled`,
        );
      return outcome(
        'SKIPPED',
        'DEBT_SETTLED',
        `the debt was settled before ${ownOn === null ? 'it fell due' : ownOn}`,
      );
    });
}

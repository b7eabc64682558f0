import { addMonths, daysBetween } from '../platform/local-date.js';
import { check, type CutCheck } from './cut-checks.js';
import { counted, told, type CutCase } from './cut-case.js';
import type { DebtFact } from './cut-facts.js';

/** A bill with unpaid principal and its age in days. Late fees never lead to a cut, so they do not count. */
interface Debt extends DebtFact {
  readonly overdueDays: number;
}

/** The debts of a case, each list within the one before. */
export interface Debts {
  /** Whatever is unpaid, oldest first. */
  readonly unpaid: readonly Debt[];
  /** Overdue for long enough. */
  readonly overdue: readonly Debt[];
  /** And young enough to be enforced. */
  readonly enforceable: readonly Debt[];
  /** And resting on a reading as far as the policy asks for one: the bills a cut stands on, which every notice must name. */
  readonly counting: readonly Debt[];
}

/** Sorts the unpaid bills of a case by what may lead to a cut. */
export function debtsOf({ facts, policy, today }: CutCase): Debts {
  const { minDays, maxAge, estimatedCounts } = policy.overdue;
  const unpaid = facts.bills
    .filter((bill) => bill.principalOutstandingMinor > 0n)
    .map((bill) => ({ ...bill, overdueDays: daysBetween(bill.dueDate, today) }))
    .sort((one, other) => other.overdueDays - one.overdueDays);
  const overdue = unpaid.filter((bill) => bill.overdueDays >= minDays);
  const enforceable = overdue.filter(
    (bill) => !maxAge || today < addMonths(maxAge.from === 'DUE_DATE' ? bill.dueDate : bill.readingDate, maxAge.months),
  );
  return { unpaid, overdue, enforceable, counting: enforceable.filter((bill) => estimatedCounts || !bill.estimated) };
}

const sumMinor = (debts: readonly Debt[]): bigint =>
  debts.reduce((sum, bill) => sum + bill.principalOutstandingMinor, 0n);

/** What the customer must owe at least, in minor units; more while an agreement to pay is open and the policy has such a rule. */
function neededMinor({ facts, policy }: CutCase): { minor: bigint; agreed: boolean } {
  const { minDebtMinor, minDebtWithAgreementMinor } = policy.overdue;
  const agreed =
    minDebtWithAgreementMinor !== null &&
    facts.holds.some(({ kind }) => kind === 'PAYMENT_PLAN' || kind === 'PROMISE_TO_PAY');
  const minor = agreed ? minDebtWithAgreementMinor : minDebtMinor;
  return { minor: minor > 0n ? minor : 1n, agreed };
}

/** The checks of a debt of bills (后付费). */
export function overdueChecks(question: CutCase, debts: Debts): CutCheck[] {
  const { policy } = question;
  const { clause, maxAge } = policy.overdue;
  const needed = neededMinor(question);
  const sum = sumMinor(debts.counting);
  const checks = [
    check('OVERDUE_DEBT', debts.overdue.length > 0, overdueEvidence(question, debts), clause),
    check(
      'MIN_DEBT',
      sum >= needed.minor,
      `${told(sum, policy)} of principal counts; at least ${told(needed.minor, policy)} is needed${needed.agreed ? ' while the customer has agreed to pay' : ''}`,
      clause,
    ),
  ];
  if (maxAge)
    checks.push(
      check(
        'DEBT_NOT_TOO_OLD',
        debts.overdue.length === 0 || debts.enforceable.length > 0,
        ageEvidence(question, debts),
        maxAge.clause,
      ),
    );
  checks.push(
    check(
      'READING_PROVEN',
      debts.enforceable.length === 0 || debts.counting.length > 0,
      readingEvidence(question, debts),
      clause,
    ),
  );
  return checks;
}

function overdueEvidence({ policy }: CutCase, { unpaid, overdue }: Debts): string {
  const from = `${policy.overdue.minDays} days`;
  const [oldest] = unpaid;
  if (!oldest) return 'no bill is unpaid';
  if (overdue.length > 0)
    return `${counted(overdue.length, 'bill')} overdue by ${from} or more; the oldest fell due on ${oldest.dueDate}, ${counted(oldest.overdueDays, 'day')} ago`;
  if (oldest.overdueDays < 0) return `no bill is overdue; the oldest falls due on ${oldest.dueDate}`;
  return `the oldest unpaid bill fell due on ${oldest.dueDate}, ${counted(oldest.overdueDays, 'day')} ago; it counts from ${from} on`;
}

function ageEvidence({ policy }: CutCase, { overdue, enforceable }: Debts): string {
  const tooOld = overdue.length - enforceable.length;
  const months = `${policy.overdue.maxAge?.months ?? 0} months`;
  return tooOld === 0
    ? `no overdue bill is ${months} old`
    : `${counted(tooOld, 'bill')} of ${overdue.length} too old (${months} or more) to be enforced by a cut`;
}

function readingEvidence({ policy }: CutCase, { enforceable }: Debts): string {
  const estimated = enforceable.filter((bill) => bill.estimated).length;
  if (estimated === 0) return 'no overdue bill rests on an estimated reading';
  const rule = policy.overdue.estimatedCounts ? 'which counts here' : 'which does not count';
  return `${estimated} of ${counted(enforceable.length, 'overdue bill')} on an estimated reading, ${rule}`;
}

/** Days of grace by credit rating (信誉度): what is overdue for so much longer must be enough by itself. */
export function creditGrace(question: CutCase, debts: Debts): CutCheck[] {
  const { facts, policy } = question;
  const { graceDaysByRating, clause } = policy.standing;
  if (Object.keys(graceDaysByRating).length === 0) return [];
  const graceDays = graceDaysByRating[facts.creditRating] ?? 0;
  const fromDays = policy.overdue.minDays + graceDays;
  const sum = sumMinor(debts.counting.filter((bill) => bill.overdueDays >= fromDays));
  return [
    check(
      'CREDIT_GRACE',
      graceDays === 0 || sum >= neededMinor(question).minor,
      graceDays === 0
        ? `rating ${facts.creditRating} has no days of grace`
        : `rating ${facts.creditRating} has ${counted(graceDays, 'day')} of grace: ${told(sum, policy)} overdue by ${fromDays} days or more`,
      clause,
    ),
  ];
}

const MINUTE_MS = 60_000;

/** The checks of an exhausted balance (费控, 预付费). */
export function prepaidChecks({ facts, policy }: CutCase): CutCheck[] {
  const rule = policy.prepaid;
  if (!rule) return [];
  const lineMinor = rule.cutBelowMinor - rule.emergencyCreditMinor;
  const since = facts.belowLineSince;
  const minutes = since ? Math.floor((facts.at.getTime() - since.getTime()) / MINUTE_MS) : 0;
  const emergency =
    rule.emergencyCreditMinor > 0n ? `, emergency credit of ${told(rule.emergencyCreditMinor, policy)} included` : '';
  return [
    check(
      'PREPAID_BALANCE',
      facts.balanceMinor < lineMinor,
      `balance ${told(facts.balanceMinor, policy)}; a cut needs less than ${told(lineMinor, policy)}${emergency}`,
      rule.clause,
    ),
    check(
      'PREPAID_GRACE',
      since !== null && facts.at.getTime() - since.getTime() >= rule.graceMinutes * MINUTE_MS,
      since === null
        ? 'nobody knows since when the balance has been below the line'
        : `below the line for ${counted(minutes, 'minute')}; the grace is ${counted(rule.graceMinutes, 'minute')}`,
      rule.clause,
    ),
  ];
}

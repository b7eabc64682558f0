import type { CutCheckCode } from '../../../../src/dunning/cut-checks.js';
import type { CutFacts, DebtFact, NoticeFact } from '../../../../src/dunning/cut-facts.js';
import { loadPolicyBook } from '../../../../src/dunning/policy-book.js';
import type { DunningPolicy } from '../../../../src/dunning/policy-schema.js';
import type { ProofKind } from '../../../../src/dunning/words.js';
import { addDays, daysBetween, localDate } from '../../../../src/platform/local-date.js';

/** Blocking checks, each with a part of its evidence. */
export type Blocks = Partial<Record<CutCheckCode, string>>;

/** One boundary of one parameter: what is different from the account that may be cut, and what blocks then. */
export type Row = [what: string, change: Partial<CutFacts>, blocks: Blocks];

/** The rows of one policy, each a change of facts that pass every check. */
export interface Table {
  readonly policy: DunningPolicy;
  readonly base: CutFacts;
  readonly rows: readonly Row[];
}

export function presetPolicy(book: string, code: string): DunningPolicy {
  const policy = loadPolicyBook(book).policies.find((one) => one.code === code);
  if (!policy) throw new Error(`There is no ${code} in ${book}.`);
  return policy;
}

/** Read 18 days before it fell due; 123.45 of principal. */
export const bill = (dueDate: string, over: Partial<DebtFact> = {}): DebtFact => ({
  billId: 'B1',
  principalOutstandingMinor: 12_345n,
  lateFeeOutstandingMinor: 0n,
  dueDate,
  readingDate: addDays(dueDate, -18),
  estimated: false,
  reopenedAt: null,
  ...over,
});

/** A notice made and served at the same instant. */
export function served(
  stepCode: string,
  at: string,
  proofKind: ProofKind | null,
  over: Partial<NoticeFact> = {},
): NoticeFact {
  const instant = new Date(at);
  return {
    noticeId: `${stepCode}-${at}`,
    stepCode,
    purpose: 'CUT_NOTICE',
    state: 'SERVED',
    createdAt: instant,
    servedAt: instant,
    failedAt: null,
    proofKind,
    copiedToAuthority: false,
    billIds: ['B1'],
    ...over,
  };
}

/** A notice that did not reach anybody. */
export const failed = (stepCode: string, at: string, over: Partial<NoticeFact> = {}): NoticeFact =>
  served(stepCode, at, null, { state: 'FAILED', servedAt: null, failedAt: new Date(at), ...over });

export const lastCall = (
  at: string,
  proofKind: ProofKind | null = 'CALL_RECORD',
  over: Partial<NoticeFact> = {},
): NoticeFact => served('LAST_CALL', at, proofKind, { stepCode: null, purpose: 'LAST_CALL', ...over });

export const ORDINARY_DAY: CutFacts['calendar'] = { covered: true, holiday: null, eve: false, makeUpDay: false };

/** Facts of a household that may be cut, but for its time, debt and notices. */
export const cuttable = (own: Pick<CutFacts, 'at' | 'bills' | 'notices'> & Partial<CutFacts>): CutFacts => ({
  accountId: 'A1',
  customerClass: 'RESIDENTIAL',
  paymentMode: 'POSTPAID',
  balanceMinor: -12_345n,
  belowLineSince: null,
  protections: [],
  protectionAskedOn: '2025-06-01',
  holds: [],
  reachableContacts: 1,
  lastContactAttemptAt: null,
  creditRating: 'C',
  arrearsCause: 'FORGOT',
  reason: 'ARREARS',
  killSwitchEngaged: false,
  installed: true,
  sameInstallation: true,
  openInterruptions: [],
  reportedRelay: 'CLOSED',
  approvals: [{ by: 'supervisor-1', role: 'SUPERVISOR' }],
  requestedBy: 'operator-1',
  batchSize: 1,
  calendar: ORDINARY_DAY,
  weather: null,
  paymentWindow: null,
  ...own,
});

/** The same case at another instant: debts and notices move along, so that only the day and the hour differ. */
export function movedTo(
  base: CutFacts,
  timeZone: string,
  at: string,
  calendar: Partial<CutFacts['calendar']> = {},
): Partial<CutFacts> {
  const to = new Date(at);
  const ms = to.getTime() - base.at.getTime();
  const days = daysBetween(localDate(base.at, timeZone), localDate(to, timeZone));
  const later = (instant: Date | null) => (instant ? new Date(instant.getTime() + ms) : null);
  return {
    at: to,
    calendar: { ...ORDINARY_DAY, ...calendar },
    bills: base.bills.map((one) => ({
      ...one,
      dueDate: addDays(one.dueDate, days),
      readingDate: addDays(one.readingDate, days),
    })),
    notices: base.notices.map((one) => ({
      ...one,
      createdAt: new Date(one.createdAt.getTime() + ms),
      servedAt: later(one.servedAt),
      announcedCutAt: later(one.announcedCutAt ?? null),
    })),
    belowLineSince: later(base.belowLineSince),
    lastContactAttemptAt: later(base.lastContactAttemptAt),
  };
}
